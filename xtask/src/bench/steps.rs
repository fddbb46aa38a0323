//! The training step, stage by stage, with the paper's settings.

use super::{output, picture};
use crate::programs::{Program, built};
use anyhow::{Context, Result};
use serde_json::Value;
use std::process::Command;

/// A JSON object a stage: `stage`, `size`, `ms_per_iter`, `floor_ms`.
pub(super) fn measure() -> Result<Vec<Value>> {
    let mut command = Command::new(built(Program::Consingan, &[])?);
    command.arg("bench").arg(picture("summer-palace.jpg")).args(["--iters=15", "--floor"]);
    let lines = output(&mut command)?;
    let values: Vec<Value> = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("lines of the benchmark")?;
    Ok(values.into_iter().filter(|value| value["stage"].is_u64()).collect())
}
