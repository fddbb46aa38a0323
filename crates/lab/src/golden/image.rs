//! Pictures: resize, pyramid, and the network's upsampling.

use super::{Case, Check};
use anyhow::{Context, Result};
use ndarray::Array3;
use pyramid::{Picture, Schedule, Spacing, Target};

pub(super) fn imresize(case: &Case) -> Result<Vec<Check>> {
    let input = pixels(case, "input")?;
    let target = match case.meta["scale"].as_f64() {
        Some(scale) => Target::Scale(scale),
        None => {
            let size: (usize, usize) = serde_json::from_value(case.meta["size"].clone()).context("size")?;
            Target::Size(size)
        }
    };
    let ours = pyramid::imresize(input.view(), target)?;
    Ok(vec![largest_difference(case, "output", ours.iter().copied(), 1e-4)?])
}

pub(super) fn pyramid(case: &Case) -> Result<Vec<Check>> {
    let config = &case.meta["config"];
    let number =
        |key: &str| config[key].as_u64().map(|v| v as usize).with_context(|| format!("config.{key}"));
    let geometric = config["mode"].as_str() == Some("harmonization");
    let schedule = Schedule {
        min_size: number("min_size")?,
        max_size: number("max_size")?,
        stages: number("stages")?,
        spacing: if geometric { Spacing::Geometric } else { Spacing::Improved },
    };
    let picture = Picture::from_u8(pixels(case, "input")?.mapv(|v| v as u8).view())?;
    let stages = pyramid::pyramid(&picture, &schedule, 3)?;
    let expected = case.names()?.iter().filter(|n| n.starts_with("real.")).count();
    anyhow::ensure!(stages.len() == expected, "{} stages, expected {expected}", stages.len());
    let check = |(k, stage): (usize, &Picture)| {
        let name = format!("real.{k}");
        let (shape, _) = case.get(&name)?;
        anyhow::ensure!(
            shape[2..] == [stage.size().0, stage.size().1],
            "{name} is {:?}, expected {shape:?}",
            stage.size()
        );
        let planar = stage.to_planar();
        largest_difference(case, &name, planar.iter().copied(), 2e-2)
    };
    stages.iter().enumerate().map(check).collect()
}

pub(super) fn upsample(case: &Case) -> Result<Vec<Check>> {
    let size: (usize, usize) = serde_json::from_value(case.meta["size"].clone()).context("size")?;
    let x = super::network::picture(case, "input")?;
    let ours = super::network::values(&kernels::bicubic(&x, size)?)?;
    Ok(vec![case.compare("output", &ours, 0.0)?])
}

/// A tensor of HxWxC.
fn pixels(case: &Case, name: &str) -> Result<Array3<f32>> {
    let (shape, values) = case.get(name)?;
    let &[h, w, c] = shape.as_slice() else { anyhow::bail!("{name} has shape {shape:?}, expected HxWxC") };
    Ok(Array3::from_shape_vec((h, w, c), values.into_iter().map(|v| v as f32).collect())?)
}

fn largest_difference(
    case: &Case,
    name: &str,
    ours: impl ExactSizeIterator<Item = f32>,
    allowed: f64,
) -> Result<Check> {
    let (shape, expected) = case.get(name)?;
    anyhow::ensure!(
        ours.len() == expected.len(),
        "{name} has shape {shape:?}, ours has {} values",
        ours.len()
    );
    let error = ours.zip(&expected).map(|(a, b)| (f64::from(a) - b).abs()).fold(0.0, f64::max);
    Ok(Check::new(name, error, allowed))
}
