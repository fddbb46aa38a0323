//! An enlarger on disk: a directory with one file, weights and, as its metadata, what else it is.

use super::fidelity::Enlarger;
use super::residual::net;
use super::trust::{Seen, Trust};
use crate::{Error, Result};
use candle_core::Device;
use kernels::{Purpose, Stream};
use model::Generator;
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
    /// Makes the directory `dir` with the enlarger in it. Fails where `dir` exists; nothing is left of a failed attempt.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let io = |source| Error::Io { path: dir.to_path_buf(), source };
        if dir.symlink_metadata().is_ok() {
            let reason = "exists already; choose another name or remove it".into();
            return Err(Error::Run { path: dir.to_path_buf(), reason });
        }
        let mut temporary = dir.file_name().unwrap_or_default().to_os_string();
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = dir.with_file_name(temporary);
        std::fs::create_dir_all(&temporary).map_err(io)?;
        let Trust { below, trained } = self.trust;
        let facts = json!({
            "format": FORMAT,
            "step": self.step,
            "channels": self.channels(),
            "below": [below.0, below.1],
            "trained": [trained.energy, trained.remains],
        });
        let written =
            write_tensors(&temporary.join(FILE), self.network.parameters(), Some((KEY, facts.to_string())))
                .map_err(Error::from)
                .and_then(|()| std::fs::rename(&temporary, dir).map_err(io));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = std::fs::remove_dir_all(&temporary);
        }
        written
    }

    /// Reads what [`Enlarger::save`] wrote.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let refuse = |path: &Path, reason: &str| {
            Err(Error::Run { path: path.to_path_buf(), reason: reason.to_string() })
        };
        if !path.is_file() {
            let reason =
                "holds no enlarger; give a directory that `consingan upscale --mode fidelity --save` made";
            return refuse(dir, reason);
        }
        let (tensors, metadata) = read_tensors(&path, &Device::Cpu)?;
        let facts: Value =
            metadata.get(KEY).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let number = |value: &Value| value.as_f64().filter(|v| v.is_finite());
        let pair = |key: &str| Some((number(&facts[key][0])?, number(&facts[key][1])?));
        let found = (facts["format"].as_u64(), facts["channels"].as_u64(), number(&facts["step"]));
        let (Some(FORMAT), Some(channels @ 1..=4), Some(step)) = found else {
            return refuse(&path, "is no enlarger of this version; train anew without --run");
        };
        let (Some(below), Some((energy, remains))) = (pair("below"), pair("trained")) else {
            return refuse(&path, "is damaged; train anew without --run");
        };
        let stream = Stream { seed: 0, purpose: Purpose::Weights, stage: 0, level: 2, iteration: 0 };
        let mut network = Generator::new(&net(channels as usize), stream, &Device::Cpu)?;
        network.load(1, &tensors).map_err(|e| Error::Run {
            path: path.clone(),
            reason: format!("{e}; train anew without --run"),
        })?;
        Ok(Enlarger { network, step, trust: Trust { below, trained: Seen { energy, remains } } })
    }
}
