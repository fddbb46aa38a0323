//! The state of a stage under way, from which a run goes on exactly.
//!
//! Weights, Adam's moments and a few numbers are all there is, once for the present and once for the state that the collapse
//! guard would go back to: noise is a function of the seed and the iteration.

use crate::files::{read_tensors, write_tensors};
use crate::guard::{GuardState, Snapshot};
use crate::log::LogLengths;
use crate::optimizer::Adam;
use crate::step::optimizers;
use crate::{Error, Result, Run};
use candle_core::{Device, Tensor};
use model::{Discriminator, Generator};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Name of the file in the run directory.
pub(crate) const FILE: &str = "checkpoint.safetensors";

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
    pub(crate) steps: (u64, u64),
    /// Seconds that the stage took so far.
    pub(crate) seconds: f64,
    /// The losses that were logged last.
    pub(crate) losses: [f32; 5],
    pub(crate) guard: GuardState,
    pub(crate) logs: LogLengths,
}

impl Position {
    /// A stage's start.
    pub(crate) fn start(stage: usize, amps: Vec<f64>, logs: LogLengths) -> Self {
        let guard = GuardState::new();
        Position { stage, done: 0, amps, steps: (0, 0), seconds: 0.0, losses: [0.0; 5], guard, logs }
    }
}

/// The four parts of a stage's state.
pub(crate) struct Parts<'a> {
    pub(crate) g: &'a Generator,
    pub(crate) d: &'a Discriminator,
    pub(crate) opt_g: &'a mut Adam,
    pub(crate) opt_d: &'a mut Adam,
}

impl Parts<'_> {
    /// All tensors of the state, their names prefixed with the part.
    pub(crate) fn tensors(&self) -> Vec<(String, Tensor)> {
        let lists = [self.g.parameters(), self.d.parameters(), self.opt_g.state().1, self.opt_d.state().1];
        let prefixed = |(prefix, list): (&str, Vec<(String, Tensor)>)| {
            list.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect::<Vec<_>>()
        };
        PREFIXES.into_iter().zip(lists).flat_map(prefixed).collect()
    }

    /// Steps that the optimizers made, the generator's first.
    pub(crate) fn steps(&self) -> (u64, u64) {
        (self.opt_g.state().0, self.opt_d.state().0)
    }

    /// Puts back what [`Parts::tensors`] and [`Parts::steps`] gave.
    pub(crate) fn restore(self, tensors: HashMap<String, Tensor>, (t_g, t_d): (u64, u64)) -> Result<()> {
        let [g, d, adam_g, adam_d] = PREFIXES.map(|prefix| part(&tensors, prefix));
        model::weights::assign(&self.g.parameters(), &g)?;
        model::weights::assign(&self.d.parameters(), &d)?;
        self.opt_g.restore(t_g, &adam_g)?;
        self.opt_d.restore(t_d, &adam_d)
    }
}

const PREFIXES: [&str; 4] = ["g/", "d/", "adam-g/", "adam-d/"];
/// Before the names of the state to go back to.
const BACK: &str = "back/";

/// The tensors whose name begins with `prefix`, without it.
fn part(tensors: &HashMap<String, Tensor>, prefix: &str) -> HashMap<String, Tensor> {
    let named =
        tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone())));
    named.collect()
}

pub(crate) fn save(dir: &Path, parts: &Parts<'_>, back: &Snapshot, position: &Position) -> Result<()> {
    let mut tensors = parts.tensors();
    tensors.extend(back.iter().map(|(name, tensor)| (format!("{BACK}{name}"), tensor.clone())));
    let path = dir.join(FILE);
    let json = serde_json::to_string(position).map_err(|e| Error::run(&path, e.to_string()))?;
    write_tensors(&path, tensors, Some(("checkpoint", json)))
}

/// Writes the checkpoint with which `run` begins its last stage from the end of that of `from`: its weights and
/// amplitudes, and optimizers that have not made a step.
pub(crate) fn begin_again(run: &Run, from: &Run, device: &Device) -> Result<()> {
    let stage = run.info.stages_done;
    let (g, d) = (from.generator(stage, device)?, from.discriminator(stage, device)?);
    let (mut opt_d, mut opt_g) = optimizers(&g, &d, &run.config)?;
    let parts = Parts { g: &g, d: &d, opt_g: &mut opt_g, opt_d: &mut opt_d };
    let position = Position::start(stage, from.info.amps.clone(), run.info.logs);
    save(&run.dir, &parts, &Snapshot::new(), &position)
}

/// A checkpoint that was read.
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    tensors: HashMap<String, Tensor>,
}

impl Checkpoint {
    /// The checkpoint of `dir`, if there is one.
    pub(crate) fn load(dir: &Path, device: &Device) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let damaged = |reason: String| {
            Error::run(&path, format!("is damaged ({reason}); remove it to begin the stage anew"))
        };
        let (tensors, metadata) = read_tensors(&path, device).map_err(|e| match e {
            Error::Run { .. } => damaged("it was cut off or changed".into()),
            e => e,
        })?;
        let json = metadata.get("checkpoint").ok_or_else(|| damaged("no position in it".into()))?;
        let position = serde_json::from_str(json).map_err(|e| damaged(e.to_string()))?;
        Ok(Some(Checkpoint { position, tensors }))
    }

    /// Puts the state back, and says where it was and what the guard would go back to.
    pub(crate) fn restore(mut self, dir: &Path, parts: Parts<'_>) -> Result<(Position, Snapshot)> {
        let back = part(&self.tensors, BACK).into_iter().collect();
        self.tensors.retain(|name, _| !name.starts_with(BACK));
        parts
            .restore(self.tensors, self.position.steps)
            .map_err(|e| Error::run(&dir.join(FILE), e.to_string()))?;
        Ok((self.position, back))
    }
}
