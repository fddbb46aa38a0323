//! `consingan completions`: a completion script for a shell.

use crate::output::lines;
use anyhow::Result;
use clap::{Args, Command};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Prints the script for `program`.
pub(crate) fn run(args: &CompletionsArgs, program: &mut Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, program, "consingan", &mut script);
    lines(String::from_utf8_lossy(&script).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
