//! Trials of the tasks on pictures whose truth is known, with the bar that each figure should clear.

use crate::dehazing::evaluate_dehazing;
use crate::retouching::{RetouchFigures, RetouchTrial, try_editing, try_harmonization};
use crate::upscaling::evaluate_upscaling;
use anyhow::Result;
use candle_core::{Device, Tensor};
use dehaze::{Airlight, DehazeRequest};
use kernels::Wrap;
use pyramid::Picture;
use std::path::Path;
use tasks::{
    AnimateRequest, Animation, End, Preset, SampleRequest, Sampler, Target, Task, first_input, fit_min_size,
    settings,
};
use train::{Control, Event, Label, Pace, Run, TrainConfig, train};
use upscale::{UpscaleMode, UpscaleRequest};

/// One figure of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The task.
    pub task: &'static str,
    /// What it was tried on.
    pub case: String,
    /// What was measured.
    pub figure: &'static str,
    /// How much it was.
    pub value: f64,
    /// What it should be; `None` for figures that are there to be looked at, or that only count as a mean.
    pub bar: Option<Bar>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// Between these.
    Within(f64, f64),
}

impl Bar {
    /// Whether `value` clears it.
    pub fn clears(self, value: f64) -> bool {
        match self {
            Bar::AtMost(most) => value <= most,
            Bar::AtLeast(least) => value >= least,
            Bar::Within(least, most) => (least..=most).contains(&value),
        }
    }
}

impl std::fmt::Display for Bar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bar::AtMost(most) => write!(f, "<= {most:.2}"),
            Bar::AtLeast(least) => write!(f, ">= {least:.2}"),
            Bar::Within(least, most) => write!(f, "{least:.2} to {most:.2}"),
        }
    }
}

/// Trains `task` on `picture` in the new run directory `dir`, with the preset `quick` after `change`.
///
/// # Errors
/// Where `picture` cannot be trained on, or `dir` exists.
pub fn trained(
    task: Task,
    picture: &Picture,
    dir: &Path,
    change: impl FnOnce(&mut TrainConfig),
) -> Result<Run> {
    let mut config = settings(task, Preset::Quick);
    change(&mut config);
    fit_min_size(task, Preset::Quick, &mut config, picture.size());
    let label = Label { task, preset: Preset::Quick, picture: "trial".into(), maps: Vec::new() };
    let mut run = Run::create(dir, config, picture, label)?;
    let first = first_input(&run, &Device::Cpu)?;
    let never = &mut |_: &Event<'_>| Control::Continue;
    train(&mut run, first.as_ref(), &Device::Cpu, Pace::default(), never)?;
    Ok(run)
}

/// Patch distance of samples twice as wide, relative to that of samples of the training size.
///
/// # Errors
/// Where the run has no finished stage.
pub fn retarget(run: &Run, case: &str) -> Result<Vec<Trial>> {
    const SAMPLES: u32 = 8;
    let real = train::picture(&run.real(run.config.train_stages - 1, &Device::Cpu)?)?;
    let distance = |target| -> Result<f64> {
        let request = SampleRequest { target, ..SampleRequest::default() };
        let sampler = Sampler::new(run, &request, &Device::Cpu)?;
        let mut sum = 0.0;
        for index in 0..SAMPLES {
            let sample = train::picture(&sampler.sample(index)?)?;
            sum += swd(&sample, &real)?;
        }
        Ok(sum / f64::from(SAMPLES))
    };
    let (normal, wide) = (distance(Target::Training)?, distance(Target::Scale(1.0, 2.0))?);
    let row = |figure, value, bar| Trial { task: "retarget", case: case.into(), figure, value, bar };
    Ok(vec![
        row("patch distance", normal, None),
        row("patch distance, twice as wide", wide, None),
        row("ratio", wide / normal, Some(Bar::AtMost(1.3))),
    ])
}

/// Difference across the seam of samples that meet at all edges, relative to that between neighbouring
/// columns (rows) inside: to their mean, and to the largest of them. Columns are not alike: an enlargement
/// blurs some more than others.
///
/// # Errors
/// Where the run has no finished stage.
pub fn tiling(run: &Run, case: &str) -> Result<Vec<Trial>> {
    const SAMPLES: u32 = 32;
    let wrap = Wrap { rows: true, columns: true };
    let sampler = Sampler::new(run, &SampleRequest { wrap, ..SampleRequest::default() }, &Device::Cpu)?;
    let (h, w) = sampler.size();
    // Between each column (row) and the one before it, around the torus; the first is the seam.
    let (mut columns, mut rows) = (vec![0.0; w], vec![0.0; h]);
    for index in 0..SAMPLES {
        let sample = sampler.sample(index)?;
        for (sums, dim) in [(&mut columns, 2), (&mut rows, 1)] {
            for (i, sum) in sums.iter_mut().enumerate() {
                let before = if i == 0 { sample.dims()[dim] - 1 } else { i - 1 };
                *sum += difference(&sample.narrow(dim, i, 1)?, &sample.narrow(dim, before, 1)?)?;
            }
        }
    }
    let row = |figure, value, bar| Trial { task: "tiling", case: case.into(), figure, value, bar };
    let mut trials = Vec::new();
    for (sums, of_mean, of_largest) in [
        (columns, "left and right edge, of the mean", "left and right edge, of the largest"),
        (rows, "top and bottom edge, of the mean", "top and bottom edge, of the largest"),
    ] {
        let (seam, inside) = (sums[0], &sums[1..]);
        let mean = inside.iter().sum::<f64>() / inside.len() as f64;
        let largest = inside.iter().copied().fold(0.0, f64::max);
        trials.push(row(of_mean, seam / mean, None));
        trials.push(row(of_largest, seam / largest, Some(Bar::AtMost(1.0))));
    }
    Ok(trials)
}

/// Mean change from frame to frame in per cent of the range, and the step from the last to the first of a
/// loop.
///
/// # Errors
/// Where the run has no finished stage.
pub fn animation(run: &Run, case: &str) -> Result<Vec<Trial>> {
    const FRAMES: u32 = 40;
    let request = AnimateRequest { frames: FRAMES, end: End::Loop, ..AnimateRequest::default() };
    let frames = Animation::new(run, &request, &Device::Cpu)?.collect::<tasks::Result<Vec<_>>>()?;
    let changes =
        frames.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect::<Result<Vec<f64>>>()?;
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    let largest = changes.iter().copied().fold(0.0, f64::max);
    let closing = difference(&frames[0], &frames[frames.len() - 1])?;
    let row = |figure, value, bar| Trial { task: "animation", case: case.into(), figure, value, bar };
    Ok(vec![
        // Of the range from -1 to 1.
        row("change a frame, per cent", 50.0 * mean, Some(Bar::Within(0.2, 5.0))),
        row("last to first, of the largest step", closing / largest, Some(Bar::AtMost(1.0))),
    ])
}

/// Pictures pasted together from the run's own, a part of it moved and recoloured: what is left of the error
/// inside the mask.
///
/// # Errors
/// Where the run was not trained for harmonization.
pub fn harmonization(run: &Run, picture: &Picture, case: &str) -> Result<Vec<Trial>> {
    let figures = try_harmonization(run, &retouching(picture), |_, _| Ok(()))?;
    let (naive, result) = (mean(&figures, |f| f.naive), mean(&figures, |f| f.result));
    let row = |figure, value, bar| Trial { task: "harmonization", case: case.into(), figure, value, bar };
    Ok(vec![
        row("error of the naive picture", naive, None),
        row("error of the result", result, None),
        row("ratio", result / naive, Some(Bar::AtMost(0.5))),
    ])
}

/// Parts of the run's picture moved: how strange the patches across their borders are, and whether the
/// insides are kept.
///
/// # Errors
/// Where the run was not trained for editing.
pub fn editing(run: &Run, picture: &Picture, case: &str) -> Result<Vec<Trial>> {
    let figures = try_editing(run, &retouching(picture), |_, _| Ok(()))?;
    let row = |figure, value, bar| Trial { task: "editing", case: case.into(), figure, value, bar };
    let worst = figures.iter().map(|f| f.result / f.naive).fold(0.0, f64::max);
    let moved = figures.iter().filter_map(|f| f.moved).fold(0.0, f64::max);
    Ok(vec![
        row("realism across borders, of the naive picture's", mean(&figures, |f| f.result / f.naive), None),
        row("the same, worst case", worst, Some(Bar::AtMost(1.0))),
        row("change inside the tiles, worst case", moved, Some(Bar::AtMost(0.1))),
    ])
}

fn retouching(picture: &Picture) -> RetouchTrial<'_> {
    RetouchTrial { picture, cases: 6, seed: 11, transfer: None, with_mask: true, fine_tune: None }
}

fn mean(figures: &[RetouchFigures], of: impl Fn(&RetouchFigures) -> f64) -> f64 {
    figures.iter().map(of).sum::<f64>() / figures.len().max(1) as f64
}

/// A picture reduced to half, enlarged again: what is won over bicubic. `scratch` must not exist and is not
/// made.
///
/// # Errors
/// Where the picture is too small.
pub fn fidelity(picture: &Picture, scratch: &Path, case: &str) -> Result<Vec<Trial>> {
    let request = UpscaleRequest { factor: 2.0, ..UpscaleRequest::of(UpscaleMode::Fidelity) };
    let found = evaluate_upscaling(picture, &request, scratch)?;
    let row =
        |figure, value, bar| Trial { task: "upscale, fidelity, x2", case: case.into(), figure, value, bar };
    Ok(vec![
        row("PSNR, dB", found.ours.psnr, None),
        row("PSNR above bicubic, dB", found.ours.psnr - found.bicubic.psnr, Some(Bar::AtLeast(0.0))),
        row("SSIM above bicubic", found.ours.ssim - found.bicubic.ssim, Some(Bar::AtLeast(0.0))),
    ])
}

/// A picture reduced to a quarter, enlarged again: its patch distance to the truth beside bicubic's.
/// `scratch` is where the run is made.
///
/// # Errors
/// Where the picture is too small, or `scratch` exists.
pub fn perceptual(picture: &Picture, scratch: &Path, case: &str) -> Result<Vec<Trial>> {
    let request = UpscaleRequest { factor: 4.0, ..UpscaleRequest::of(UpscaleMode::Perceptual) };
    let found = evaluate_upscaling(picture, &request, scratch)?;
    let swd = |figure: Option<f64>| figure.unwrap_or_default();
    let (ours, bicubic) = (swd(found.ours.patch_swd), swd(found.bicubic.patch_swd));
    let row = |figure, value| {
        let task = "upscale, perceptual, x4";
        Trial { task, case: case.into(), figure, value, bar: None }
    };
    Ok(vec![
        row("patch distance", ours),
        row("patch distance of bicubic", bicubic),
        row("of bicubic's", ours / bicubic),
    ])
}

/// A picture behind haze of three densities and two airlights: PSNR to the clear one.
///
/// # Errors
/// Where the picture is too small.
pub fn dehazing(picture: &Picture, case: &str) -> Result<Vec<Trial>> {
    let hazes: Vec<(f64, Airlight, u64)> =
        [(0.6, 0.75), (0.6, 0.95), (1.2, 0.75), (1.2, 0.95), (1.8, 0.75), (1.8, 0.95)]
            .into_iter()
            .enumerate()
            .map(|(i, (beta, airlight))| (beta, [airlight; 3], 100 + i as u64))
            .collect();
    let rows = evaluate_dehazing(picture, &hazes, &DehazeRequest::default())?;
    let n = rows.len().max(1) as f64;
    let row = |figure, value, bar| Trial { task: "dehazing", case: case.into(), figure, value, bar };
    let gain = rows.iter().map(|r| r.multi_stage - r.dcp).sum::<f64>() / n;
    let least = rows.iter().map(|r| r.multi_stage - r.nothing).fold(f64::INFINITY, f64::min);
    Ok(vec![
        row("PSNR of the hazy pictures, dB", rows.iter().map(|r| r.nothing).sum::<f64>() / n, None),
        row("PSNR, dB", rows.iter().map(|r| r.multi_stage).sum::<f64>() / n, None),
        row("above the dark channel prior, dB", gain, None),
        row("above doing nothing, dB, worst case", least, Some(Bar::AtLeast(0.0))),
    ])
}

/// Figures that count as a mean over pictures.
const MEANS: [(&str, &str, Bar); 5] = [
    ("harmonization", "ratio", Bar::AtMost(0.5)),
    ("editing", "realism across borders, of the naive picture's", Bar::AtMost(2.0 / 3.0)),
    ("upscale, fidelity, x2", "PSNR above bicubic, dB", Bar::AtLeast(0.5)),
    ("upscale, perceptual, x4", "of bicubic's", Bar::AtMost(0.5)),
    ("dehazing", "above the dark channel prior, dB", Bar::AtLeast(0.0)),
];

/// The means over all pictures that a task has bars for.
pub fn means(trials: &[Trial]) -> Vec<Trial> {
    let one = |&(task, figure, bar): &(&'static str, &'static str, Bar)| {
        let values: Vec<f64> =
            trials.iter().filter(|t| t.task == task && t.figure == figure).map(|t| t.value).collect();
        let value = values.iter().sum::<f64>() / values.len() as f64;
        let case = format!("mean of {}", values.len());
        (!values.is_empty()).then_some(Trial { task, case, figure, value, bar: Some(bar) })
    };
    MEANS.iter().filter_map(one).collect()
}

/// Patch distance at full size; 0 where a picture is too small to have patches.
fn swd(sample: &Picture, real: &Picture) -> Result<f64> {
    let [full, ..] = metrics::patch_swd(real.pixels(), sample.pixels())?;
    Ok(full.unwrap_or_default())
}

/// Mean absolute difference.
fn difference(a: &Tensor, b: &Tensor) -> Result<f64> {
    let sum = (a - b)?.abs()?.mean_all()?.to_scalar::<f32>()?;
    Ok(f64::from(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_cleared_from_its_own_side() {
        assert!(Bar::AtMost(1.0).clears(1.0) && !Bar::AtMost(1.0).clears(1.1));
        assert!(Bar::AtLeast(0.5).clears(0.6) && !Bar::AtLeast(0.5).clears(f64::NAN));
        assert!(Bar::Within(0.2, 5.0).clears(5.0) && !Bar::Within(0.2, 5.0).clears(0.1));
    }
}
