//! The state of a stage under way, from which a run goes on exactly.
//!
//! Weights, Adam's moments and a few numbers are all there is, once for the present and once for the state that the collapse
//! guard would go back to: noise is a function of the seed and the iteration.

use crate::files::{read_tensors, write_tensors};
use crate::guard::{GuardState, Snapshot};
use crate::log::LogLengths;
use crate::networks::{Networks, Steps, part};
use crate::rundir::CHECKPOINT;
use crate::{Error, Losses, Result, Run};
use candle_core::Device;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Before the names of the state to go back to.
const BACK: &str = "back/";

/// Where in the run the checkpoint was taken.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    pub(crate) stage: usize,
    /// Iterations of the stage that are done.
    pub(crate) done: usize,
    /// Amplitudes up to and with this stage.
    pub(crate) amps: Vec<f64>,
    /// Steps that the two optimizers made.
    pub(crate) steps: Steps,
    /// Seconds that the stage took so far.
    pub(crate) seconds: f64,
    /// The losses that were logged last.
    pub(crate) losses: Losses,
    pub(crate) guard: GuardState,
    pub(crate) logs: LogLengths,
}

impl Position {
    /// A stage's start.
    pub(crate) fn start(stage: usize, amps: Vec<f64>, logs: LogLengths) -> Self {
        let (steps, losses, guard) = (Steps::default(), Losses::default(), GuardState::new());
        Self { stage, done: 0, amps, steps, seconds: 0.0, losses, guard, logs }
    }
}

/// Writes the checkpoint of the run in `dir`: the networks as they are, and `snapshot`, which the guard would go back to.
pub(crate) fn save(dir: &Path, networks: &Networks, snapshot: &Snapshot, position: &Position) -> Result<()> {
    let mut tensors = networks.tensors();
    tensors.extend(snapshot.iter().map(|(name, tensor)| (format!("{BACK}{name}"), tensor.clone())));
    let path = dir.join(CHECKPOINT);
    let json = serde_json::to_string(position).map_err(|e| Error::encoding(&path)(&e))?;
    write_tensors(&path, tensors, Some(("checkpoint", json)))
}

/// Writes the checkpoint with which `run` begins its last stage from the end of that of `from`: its weights and
/// amplitudes, and optimizers that have not made a step.
pub(crate) fn begin_again(run: &Run, from: &Run, device: &Device) -> Result<()> {
    let stage = run.info.stages_done;
    let (generator, discriminator) = (from.generator(stage, device)?, from.discriminator(stage, device)?);
    let networks = Networks::new(generator, discriminator, &run.config)?;
    let position = Position::start(stage, from.info.amps.clone(), run.info.logs);
    save(&run.dir, &networks, &Snapshot::new(), &position)
}

/// A checkpoint that was read.
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    tensors: Snapshot,
}

impl Checkpoint {
    /// The checkpoint of the run in `dir`, if there is one.
    pub(crate) fn load(dir: &Path, device: &Device) -> Result<Option<Self>> {
        let path = dir.join(CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        let damaged = |reason: String| Error::DamagedCheckpoint { path: path.clone(), reason };
        let (tensors, metadata) = read_tensors(&path, device).map_err(|e| match e {
            Error::Damaged { reason, .. } => damaged(reason),
            e => e,
        })?;
        let json = metadata.get("checkpoint").ok_or_else(|| damaged("no position in it".into()))?;
        let position = serde_json::from_str(json).map_err(|e| damaged(e.to_string()))?;
        Ok(Some(Self { position, tensors }))
    }

    /// Puts the state back into `networks`, and says where it was and what the guard would go back to.
    pub(crate) fn restore(mut self, dir: &Path, networks: &mut Networks) -> Result<(Position, Snapshot)> {
        let snapshot = part(&self.tensors, BACK);
        self.tensors.retain(|name, _| !name.starts_with(BACK));
        let restored = networks.restore(&self.tensors, self.position.steps);
        restored
            .map_err(|e| Error::DamagedCheckpoint { path: dir.join(CHECKPOINT), reason: e.to_string() })?;
        Ok((self.position, snapshot))
    }
}
