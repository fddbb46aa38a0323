//! Fine-tuning: a run's last stage is trained again on the picture that it will retouch.

use super::checks::{fitted, retouching_task};
use super::fit::{Fit, coarsest};
use crate::Result;
use candle_core::Device;
use pyramid::Picture;
use std::path::Path;
use train::Run;
use train::pictures::tensor_of;

/// Makes a run directory `dir` that trains the last stage of `run`, a finished harmonization or editing run,
/// for `niter` more iterations with the naive picture as the fake's input. [`train::train`] does the
/// training.
///
/// # Errors
/// [`crate::Error::CannotRetouch`] and [`crate::Error::Unfinished`] for the run, [`crate::Error::InColour`]
/// and [`crate::Error::OtherShape`] for the picture, [`crate::Error::Train`] where the directory cannot be made.
pub fn fine_tune(dir: &Path, run: &Run, naive: &Picture, niter: usize) -> Result<Run> {
    retouching_task(run)?;
    let finest = Fit::new(run, naive.size(), "naive picture")?.finest(&fitted(run, naive)?)?;
    let input = tensor_of(&coarsest(run, &finest)?, &Device::Cpu)?;
    Ok(Run::fine_tune(dir, run, niter, &input, &Device::Cpu)?)
}

/// Iterations of fine-tuning for a run: those of its settings, or as many as for a stage if the settings have
/// none.
pub fn fine_tune_niter(run: &Run) -> usize {
    run.config.retouch.and_then(|retouch| retouch.fine_tune_niter).unwrap_or(run.config.niter)
}
