//! The stage loop (grow, calibrate, train, store), from any state of a run to its end.

use crate::event::{Control, Observer};
use crate::session::{Pace, Session};
use crate::stage::Stage;
use crate::{FirstInput, Result, Run, memory};
use candle_core::Device;

/// How a call of [`train`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All stages are done.
    Finished,
    /// The observer stopped it; a checkpoint is stored.
    Stopped,
}

/// Trains `run` from its present state to its end.
///
/// A stage begins as a copy of the one below (the discriminator goes on as it is), with its noise amplitude
/// set from the reconstruction's error, new optimizers, and `niter` iterations; then its networks are stored.
/// The same configuration gives the same bytes on the same machine, however often it was stopped in between.
/// `first` is the input of stage 0.
///
/// # Errors
/// [`crate::Error::InUse`] where another process trains the run, [`crate::Error::Damaged`] and
/// [`crate::Error::DamagedCheckpoint`] where a file was cut off or changed, [`crate::Error::Collapsed`] and
/// [`crate::Error::Diverged`] where training goes wrong, [`crate::Error::OutOfMemory`] where the GPU's memory
/// does not suffice, [`crate::Error::File`] where a file cannot be written.
pub fn train(
    run: &mut Run,
    first: &dyn FirstInput,
    device: &Device,
    pace: Pace,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let trained = Session::open(run, first, device, pace, observer).and_then(stages);
    trained.map_err(|error| memory::explained(error, run, device))
}

fn stages(mut session: Session<'_>) -> Result<Outcome> {
    while let Some(mut stage) = Stage::begin(&mut session)? {
        while !stage.is_done() {
            stage.remember_if_due()?;
            stage.iterate()?;
            stage.collect_losses()?;
            if stage.save_if_due()? == Control::Stop {
                return Ok(Outcome::Stopped);
            }
        }
        if stage.finish()? == Control::Stop {
            return Ok(Outcome::Stopped);
        }
    }
    session.close()?;
    Ok(Outcome::Finished)
}
