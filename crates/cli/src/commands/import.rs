//! `consingan import`: a model of the official program as a run.

use crate::args::Threads;
use crate::output::line;
use crate::places::free_name;
use crate::report;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The folder that the official program wrote, with parameters.txt in it
    folder: PathBuf,
    /// The run directory to make [default: runs/NAME of the folder, numbered where the name is taken]
    #[arg(long, value_name = "RUN")]
    out: Option<PathBuf>,
    /// Print a JSON line on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(args: &ImportArgs) -> Result<ExitCode> {
    args.threads.apply();
    let out = match &args.out {
        Some(out) => out.clone(),
        None => free_name(&Path::new("runs").join(args.folder.file_name().unwrap_or("official".as_ref()))),
    };
    let run = tasks::import(&args.folder, &out)?;
    // A finished run has one; it can be made again where it fails.
    if let Err(e) = report::at_the_end(&run) {
        tracing::warn!("no report was written ({e}); try again: consingan report {}", run.dir.display());
    }
    if args.json {
        let info = &run.info;
        line(&serde_json::json!({"run": run.dir, "task": info.task, "sizes": info.sizes}).to_string());
    } else {
        line(&run.dir.display().to_string());
    }
    Ok(ExitCode::SUCCESS)
}
