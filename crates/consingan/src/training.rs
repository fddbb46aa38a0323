//! Training: from a picture to a run.

use crate::source::{Opened, make_at, usual_place};
use crate::{Error, Options, Result, Run, Source, open};
use candle_core::Device;
use pyramid::{Picture, Size};
use std::path::Path;
use std::time::Instant;
use train::{Label, Observer, Outcome, Silent, TrainConfig, iteration_cost, time_stage};

/// Trains on a picture.
///
/// # Errors
/// Those of [`create`] and of [`Run::train`]; [`Error::Interrupted`] where the observer stops it.
pub fn train<'a>(picture: impl Into<Source<'a>>, mut options: Options<'_>) -> Result<Run> {
    let run = create(picture, &options)?;
    match &mut options.observer {
        Some(observer) => trained(run, *observer),
        None => trained(run, &mut Silent),
    }
}

/// Resumes the training of the run in a directory, on a GPU if there is one.
///
/// # Errors
/// Those of [`open`] and of [`Run::train`]; [`Error::Interrupted`] where the observer stops it.
pub fn resume(dir: impl AsRef<Path>, observer: &mut dyn Observer) -> Result<Run> {
    trained(open(dir)?.on(crate::any_device()), observer)
}

/// Creates the run directory for a picture. [`Run::train`] then trains it; [`train()`] does both.
///
/// # Errors
/// [`Error::Picture`] and [`Error::Train`] for pictures and settings that do not work, [`Error::Tasks`] where
/// nothing suits the minutes, and where the directory exists or cannot be made.
pub fn create<'a>(picture: impl Into<Source<'a>>, options: &Options<'_>) -> Result<Run> {
    let Opened { picture, name, maps } = picture.into().open()?;
    let device = options.device();
    let config = options.fitted(&picture, &device)?;
    let usual = usual_place("runs", &name, "");
    let label = Label { task: options.task, preset: options.preset, picture: name, maps };
    let run = make_at(options.out.as_deref(), &usual, |dir| {
        Ok(train::Run::create(dir, config.clone(), &picture, label.clone())?)
    })?;
    Ok(Run { run, device })
}

/// Trains the run to its end.
pub(crate) fn trained(mut run: Run, observer: &mut dyn Observer) -> Result<Run> {
    match run.train(observer)? {
        Outcome::Finished => Ok(run),
        Outcome::Stopped => Err(Error::Interrupted { run: run.run.dir }),
    }
}

/// An estimate of a training run.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Height and width of every stage.
    pub sizes: Vec<Size>,
    /// Estimated seconds that training takes on this machine.
    pub seconds: f64,
}

/// Seconds to spend on timed iterations; later stages are estimated from the last stage that was timed.
const TIMED: f64 = 4.0;

/// Estimates the training on a picture with these settings. It times a few iterations, which takes some
/// seconds.
///
/// # Errors
/// [`Error::Picture`] for sizes that the picture cannot have, [`Error::Train`] where an iteration fails.
pub fn estimate(picture: &Picture, config: &TrainConfig, device: &Device) -> Result<Estimate> {
    let smallest = config.net(picture.channels()).receptive_field();
    let pictures = pyramid::pyramid(picture, &config.schedule(), smallest)?;
    let sizes: Vec<Size> = pictures.iter().map(Picture::size).collect();
    let (mut rate, mut seconds, begun) = (0.0, 0.0, Instant::now());
    for stage in 0..sizes.len() {
        let cost = iteration_cost(config, &sizes[..=stage]);
        if begun.elapsed().as_secs_f64() < TIMED || rate == 0.0 {
            let times = time_stage(config, &pictures, stage, 1, 2, device)?;
            rate = times.iter().map(|t| t.as_secs_f64()).fold(f64::INFINITY, f64::min) / cost;
        }
        seconds += rate * cost * config.niter as f64;
    }
    Ok(Estimate { sizes, seconds })
}
