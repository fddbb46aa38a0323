//! A run's last stage trained again, on the picture that it is to retouch.

use super::checks::{fitted, retouching_task};
use crate::pixels::{resized, tensor};
use crate::{Preset, Result};
use candle_core::Device;
use pyramid::Picture;
use std::path::Path;
use train::Run;

/// Makes a run directory `dir` that trains the last stage of `run`, a finished harmonization or editing run,
/// for `niter` more iterations with the naive picture as the fake's input. [`train::train`] does the
/// training.
///
/// # Errors
/// [`crate::Error::CannotRetouch`] and [`crate::Error::Unfinished`] for the run, [`crate::Error::InColour`]
/// for the picture, [`crate::Error::Train`] where the directory cannot be made.
pub fn fine_tune(dir: &Path, run: &Run, naive: &Picture, niter: usize) -> Result<Run> {
    retouching_task(run)?;
    let input = tensor(&resized(&fitted(run, naive)?, run.info.sizes[0])?, &Device::Cpu)?;
    Ok(Run::fine_tune(dir, run, niter, &input, &Device::Cpu)?)
}

/// Iterations of fine-tuning that suit a run: as many as a stage's with the preset `paper` and for models of
/// the official program, as that does; otherwise so few that what was edited is joined to its surroundings
/// and not yet replaced by what was there.
pub fn fine_tune_niter(run: &Run) -> usize {
    match Preset::from_name(&run.info.preset) {
        Some(Preset::Quick | Preset::Auto) => 40,
        _ => run.config.niter,
    }
}
