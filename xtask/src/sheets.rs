//! `cargo xtask sheets`: the sample sheets that the documents show.

use crate::programs::{Program, built, root, status};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Builds `consingan`, with CUDA where `--device` names a GPU, and has `assets/sheets.py` make the figures with it.
/// Python is `$PYTHON`, or `python3`.
pub(crate) fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let program = built(Program::Consingan, &args)?;
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(&python);
    command.arg(root().join("assets/sheets.py")).arg("--program").arg(program).args(args);
    status(command.env("PYTHONDONTWRITEBYTECODE", "1")).with_context(|| python.display().to_string())
}
