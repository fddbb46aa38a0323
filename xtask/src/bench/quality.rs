//! Runs with the default preset on bundled pictures, and the figures of their samples.

use super::{measure as json_of, picture};
use crate::programs::{Program, built, status, target};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// A scene, a lone thing, a texture.
const PICTURES: [&str; 3] = ["summer-palace.jpg", "rocket.jpg", "brick.png"];

/// A JSON object a picture: `picture`, `seconds` that training took, and `figures`, what `consingan evaluate --json` says.
pub(super) fn measure(niter: Option<&str>) -> Result<Vec<Value>> {
    let program = built(Program::Consingan, &[])?;
    let runs = target().join("bench/runs");
    let mut results = Vec::new();
    for name in PICTURES {
        let run = runs.join(name);
        if run.exists() {
            std::fs::remove_dir_all(&run).with_context(|| run.display().to_string())?;
        }
        let begun = Instant::now();
        let mut train = Command::new(&program);
        train.arg("train").arg(picture(name)).arg("--out").arg(&run).arg("--quiet");
        if let Some(niter) = niter {
            train.arg("--niter").arg(niter);
        }
        if status(&mut train)? != ExitCode::SUCCESS {
            bail!("training on {name} failed");
        }
        let seconds = begun.elapsed().as_secs_f64().round();
        let figures = json_of(Command::new(&program).arg("evaluate").arg(&run).arg("--json"))?;
        results.push(json!({"picture": name, "seconds": seconds, "figures": figures}));
    }
    Ok(results)
}
