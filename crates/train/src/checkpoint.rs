//! The state of a stage under way, from which a run goes on exactly.
//!
//! Weights, Adam's moments and three numbers are all there is: noise is a function of the seed and the iteration.

use crate::files::{read_tensors, write_tensors};
use crate::log::LogLengths;
use crate::optimizer::Adam;
use crate::{Error, Result};
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
    pub(crate) logs: LogLengths,
}

/// The four parts of a stage's state.
pub(crate) struct Parts<'a> {
    pub(crate) g: &'a Generator,
    pub(crate) d: &'a Discriminator,
    pub(crate) opt_g: &'a mut Adam,
    pub(crate) opt_d: &'a mut Adam,
}

pub(crate) fn save(dir: &Path, parts: &Parts<'_>, position: &Position) -> Result<()> {
    let lists = [parts.g.parameters(), parts.d.parameters(), parts.opt_g.state().1, parts.opt_d.state().1];
    let tensors = PREFIXES.iter().zip(lists).flat_map(|(prefix, list)| {
        list.into_iter().map(move |(name, tensor)| (format!("{prefix}{name}"), tensor))
    });
    let path = dir.join(FILE);
    let json = serde_json::to_string(position).map_err(|e| Error::run(&path, e.to_string()))?;
    write_tensors(&path, tensors.collect(), Some(("checkpoint", json)))
}

const PREFIXES: [&str; 4] = ["g/", "d/", "adam-g/", "adam-d/"];

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
        let damaged = |reason: String| Error::run(&path, format!("is damaged ({reason}); remove it to begin the stage anew"));
        let (tensors, metadata) = read_tensors(&path, device).map_err(|e| match e {
            Error::Run { .. } => damaged("it was cut off or changed".into()),
            e => e,
        })?;
        let json = metadata.get("checkpoint").ok_or_else(|| damaged("no position in it".into()))?;
        let position = serde_json::from_str(json).map_err(|e| damaged(e.to_string()))?;
        Ok(Some(Checkpoint { position, tensors }))
    }

    /// Puts the state back and says where it was.
    pub(crate) fn restore(self, dir: &Path, parts: Parts<'_>) -> Result<Position> {
        let mut lists = PREFIXES.map(|_| HashMap::new());
        for (name, tensor) in self.tensors {
            let found = PREFIXES.iter().position(|p| name.starts_with(p));
            if let Some(i) = found {
                lists[i].insert(name[PREFIXES[i].len()..].to_string(), tensor);
            }
        }
        let [g, d, adam_g, adam_d] = lists;
        let (t_g, t_d) = self.position.steps;
        let mut restore = || -> Result<()> {
            model::weights::assign(&parts.g.parameters(), &g)?;
            model::weights::assign(&parts.d.parameters(), &d)?;
            parts.opt_g.restore(t_g, &adam_g)?;
            parts.opt_d.restore(t_d, &adam_d)
        };
        restore().map_err(|e| Error::run(&dir.join(FILE), e.to_string()))?;
        Ok(self.position)
    }
}
