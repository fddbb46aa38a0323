//! The quality figures of `metrics`.

use super::{Case, Check};
use anyhow::Result;
use metrics::{Options, Search};
use ndarray::{Array2, Array3, Array4, Axis};

/// Relative error allowed, but for the copy rate.
const ALLOWED: f64 = 1e-3;

pub(super) fn metrics(case: &Case) -> Result<Vec<Check>> {
    let (shape, real) = case.get("real")?;
    let real = Array3::from_shape_vec((shape[0], shape[1], shape[2]), real)?.mapv(signed);
    let (shape, samples) = case.get("samples")?;
    let samples = Array4::from_shape_vec((shape[0], shape[1], shape[2], shape[3]), samples)?.mapv(signed);
    let (shape, vectors) = case.get("projections")?;
    let vectors = Array2::from_shape_vec((shape[0], shape[1]), vectors)?.mapv(|v| v as f32);
    let options = Options { search: Search::Exact };

    let views: Vec<_> = samples.axis_iter(Axis(0)).collect();
    let (mut swd, mut copy_rate, mut psnr) = (Vec::new(), Vec::new(), Vec::new());
    for sample in &views {
        swd.extend(metrics::patch_swd_along(real.view(), *sample, vectors.view())?.map(number));
        let matches = metrics::match_patches(*sample, real.view(), &options)?;
        copy_rate.push(number(matches.and_then(|m| m.copy_rate())));
        psnr.push(metrics::psnr(real.view(), *sample)?);
    }
    let report = metrics::evaluate(real.view(), &views, &options)?;
    let pairs = |f: fn(&metrics::SampleReport) -> [Option<f64>; 2]| -> Vec<f64> {
        report.samples.iter().flat_map(f).map(number).collect()
    };
    let realism = pairs(|s| [s.patch_realism, s.patch_realism_2]);
    let completeness = pairs(|s| [s.patch_completeness, s.patch_completeness_2]);
    let worst = |name: &str, ours: &[f64], allowed: f64, error: fn(f64, f64) -> f64| -> Result<Check> {
        let (shape, expected) = case.get(name)?;
        anyhow::ensure!(
            expected.len() == ours.len(),
            "{name} has shape {shape:?}, ours has {} values",
            ours.len()
        );
        let errors = ours.iter().zip(&expected).map(|(&a, &b)| error(a, b));
        // Not `f64::max`, which would drop a NaN.
        Ok(Check::new(name, errors.fold(0.0, |m, e| if e <= m { m } else { e }), allowed))
    };
    let relative = |a: f64, b: f64| (a - b).abs() / b.abs().max(f64::MIN_POSITIVE);
    Ok(vec![
        worst("patch_swd", &swd, ALLOWED, relative)?,
        worst("patch_realism", &realism, ALLOWED, relative)?,
        worst("patch_completeness", &completeness, ALLOWED, relative)?,
        worst("pixel_diversity", &[number(report.pixel_diversity)], ALLOWED, relative)?,
        worst("psnr", &psnr, ALLOWED, relative)?,
        worst("copy_rate", &copy_rate, 0.01, |a, b| (a - b).abs())?,
    ])
}

fn signed(byte: f64) -> f32 {
    (byte / 127.5 - 1.0) as f32
}

/// A figure that could not be computed counts as a miss.
fn number(figure: Option<f64>) -> f64 {
    figure.unwrap_or(f64::NAN)
}
