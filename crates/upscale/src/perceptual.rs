//! Enlarging with what the picture looks like in mind: the last stage of a generator, taken again and again.
//!
//! Super-resolution of Shaham, Dekel, Michaeli, "SinGAN" (ICCV 2019), on ConSinGAN's features: a run whose stages are some 2^(1/3)
//! apart and whose reconstruction weighs 100. Its last stage has learned what is new in a picture that is one step larger. Taken
//! on the features of the reconstruction, k times, it adds that to the picture k steps above, and the tail shows it.

use crate::contrast::matched;
use crate::growth::{Growth, grown_picture};
use crate::resample::{ROUNDS, back_project};
use crate::{Error, Result, UpscaleMode, UpscaleRequest, check_upscale};
use candle_core::{Device, Tensor};
use model::Border;
use pyramid::{Picture, Size, Spacing, imresize};
use std::path::Path;
use train::{GuardKind, Label, Model, Observer, Preset, Run, Target, Task, TrainConfig, output_sizes};

/// The preferred factor between stages of the generator.
const STEP: f64 = 1.259_921_049_894_873_2;

/// Shorter side of the coarsest stage, where the picture is large enough.
const MIN_SIZE: usize = 25;

/// The training for a picture of `size`: as many stages as bring the last step nearest to 2^(1/3), all steps alike.
fn config(size: Size, request: &UpscaleRequest) -> TrainConfig {
    let paper = TrainConfig::default();
    let scale = (request.max_size as f64 / size.0.max(size.1) as f64).min(1.0);
    let short = size.0.min(size.1) as f64 * scale;
    // Two steps at least, but nothing below what the discriminator can judge.
    let smallest = paper.net(3).receptive_field();
    let min_size = MIN_SIZE.min(((short / (STEP * STEP)) as usize).max(smallest));
    let last = ((short / min_size as f64).ln() / STEP.ln()).round().max(1.0);
    TrainConfig {
        seed: request.seed,
        niter: request.niter,
        train_stages: last as usize + 1,
        min_size,
        max_size: request.max_size,
        spacing: Spacing::Geometric,
        border: Border::Padded,
        alpha: 100.0,
        // At the paper's rates the reconstruction, which leads here, turned small stages black. Batch norm helps against that too,
        // but its detail measures worse.
        lr_g: 2.5e-4,
        lr_d: 2.5e-4,
        guard: GuardKind::All,
        ..paper
    }
}

/// Makes the run directory `dir` for enlarging `picture`, which `name` is the file name of; [`train::train`] trains it.
///
/// # Errors
/// [`Error::Range`] for how it should be trained, [`Error::Train`] where the directory cannot be made.
pub fn upscaling_run(picture: &Picture, request: &UpscaleRequest, dir: &Path, name: &str) -> Result<Run> {
    request.check_training()?;
    let label =
        Label { task: Task::SuperResolution, preset: Preset::Quick, picture: name.into(), maps: Vec::new() };
    Ok(Run::create(dir, config(picture.size(), request), picture, label)?)
}

/// `picture` enlarged by `factor` with the generator of `run`, a finished run of super-resolution for a
/// picture of as many channels. `seed` is that of the noise. The observer is notified of every application of
/// the last stage.
///
/// # Errors
/// [`Error::Range`] and [`Error::TooLarge`] for the factor; [`Error::OtherTask`], [`Error::Unfinished`] and
/// [`Error::Channels`] for the run; [`Error::Stopped`] where the observer stops it.
pub fn upscale_with_run(
    run: &Run,
    picture: &Picture,
    factor: f64,
    seed: u64,
    observer: &mut dyn Observer,
) -> Result<Picture> {
    let size = check_upscale(picture.size(), factor, UpscaleMode::Perceptual)?;
    check_run(run, picture)?;
    let low = picture.pixels();
    let sizes =
        output_sizes(&run.info.sizes, Target::Size(picture.size().0, picture.size().1), run.config.kernel)?;
    let device = Device::Cpu;
    let model = Model { sizes, ..run.model(run.info.stages_done, &device)? };
    let growth = Growth { factor, size, seed, count: repeats(&run.info.sizes, factor) };
    let first = coarsest(&model, picture)?;
    let high = grown_picture(&model, first, growth, observer)?;
    let high = back_project(high.into_pixels(), low, factor, ROUNDS)?;
    let high = matched(high, low, factor)?;
    Ok(Picture::from_pixels(high)?)
}

/// Stage 0's input that gives `picture` back: its reduction.
fn coarsest(model: &Model, picture: &Picture) -> Result<Tensor> {
    let coarsest = imresize(picture.pixels(), pyramid::Target::Size(model.sizes[0]))?;
    Ok(train::tensor(&Picture::from_pixels(coarsest)?, &Device::Cpu)?)
}

/// How often the last step of `sizes` goes into `factor`: at least once.
fn repeats(sizes: &[Size], factor: f64) -> usize {
    let step = match sizes {
        [.., a, b] => ((b.0 * b.1) as f64 / (a.0 * a.1) as f64).sqrt(),
        _ => STEP,
    };
    // Stages of one size would never get there.
    (factor.ln() / step.max(1.05).ln()).round().max(1.0) as usize
}

/// Runs of another task, unfinished ones, and those of pictures with other channels cannot enlarge.
fn check_run(run: &Run, picture: &Picture) -> Result<()> {
    if run.info.task != Task::SuperResolution {
        return Err(Error::OtherTask { path: run.dir.clone(), task: run.info.task });
    }
    if !run.is_finished() {
        return Err(Error::Unfinished { path: run.dir.clone() });
    }
    let (found, expected) = (picture.channels(), run.info.channels);
    if found == expected { Ok(()) } else { Err(Error::Channels { found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_near_the_cube_root_of_two() -> Result<()> {
        for (size, max_size) in
            [((128, 128), 128), ((96, 144), 128), ((48, 48), 128), ((500, 700), 250), ((32, 48), 128)]
        {
            let config =
                config(size, &UpscaleRequest { max_size, ..UpscaleRequest::of(UpscaleMode::Perceptual) });
            config.check()?;
            let sizes = config.schedule().sizes(size, 11)?;
            let [.., a, b] = sizes[..] else { panic!("one stage for {size:?}") };
            let step = b.0.min(b.1) as f64 / a.0.min(a.1) as f64;
            assert!((1.18..1.34).contains(&step), "{size:?}: {sizes:?}");
            // x4 takes six such steps.
            assert!((5..=8).contains(&repeats(&sizes, 4.0)), "{sizes:?}");
        }
        Ok(())
    }
}
