//! An enlarger on disk: a directory with one file of weights, whose metadata has the other values.

use crate::fidelity::Enlarger;
use crate::residual::net;
use crate::trust::{Seen, Trust};
use crate::{Error, Result};
use candle_core::Device;
use model::weights;
use serde_json::{Value, json};
use std::path::Path;
use train::files::{read_tensors, write_tensors};

/// The file in its directory.
const FILE: &str = "enlarger.safetensors";

/// The key of the metadata.
const KEY: &str = "enlarger";

/// Version of the format that is written, and the only one that is read.
const FORMAT: u64 = 1;

impl Enlarger {
    /// Makes the directory `dir` with the enlarger in it; nothing is left of a failed attempt.
    ///
    /// # Errors
    /// [`Error::File`] where `dir` exists or cannot be made.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let Trust { below, trained } = self.trust;
        let facts = json!({
            "format": FORMAT,
            "step": self.step,
            "channels": self.channels(),
            "below": [below.0, below.1],
            "trained": [trained.energy, trained.remains],
        });
        files::make_directory(dir, |temporary| {
            let metadata = Some((KEY, facts.to_string()));
            Ok(write_tensors(&temporary.join(FILE), self.network.parameters(), metadata)?)
        })
    }

    /// Reads what [`Enlarger::save`] wrote.
    ///
    /// # Errors
    /// [`Error::NoEnlarger`] if `dir` holds none, [`Error::Version`] and [`Error::Damaged`] if it cannot be
    /// used.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        if !path.is_file() {
            return Err(Error::NoEnlarger { path: dir.to_path_buf() });
        }
        let (tensors, metadata) = read_tensors(&path, &Device::Cpu)?;
        let facts: Value =
            metadata.get(KEY).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let number = |value: &Value| value.as_f64().filter(|v| v.is_finite());
        let pair = |key: &str| Some((number(&facts[key][0])?, number(&facts[key][1])?));
        let found = (facts["format"].as_u64(), facts["channels"].as_u64(), number(&facts["step"]));
        let (Some(FORMAT), Some(channels @ 1..=16), Some(step)) = found else {
            return Err(Error::Version { path });
        };
        let (Some(below), Some((energy, remains))) = (pair("below"), pair("trained")) else {
            return Err(Error::Damaged { path, reason: "its numbers are missing".into() });
        };
        let network = weights::generator(&net(channels as usize), 1, tensors, &Device::Cpu);
        let network = network.map_err(|e| Error::Damaged { path, reason: e.to_string() })?;
        Ok(Self { network, step, trust: Trust { below, trained: Seen { energy, remains } } })
    }
}
