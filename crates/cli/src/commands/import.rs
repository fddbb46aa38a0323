//! `consingan import`: a model of the official program as a run.

use crate::after_training::report_finished;
use crate::arguments::{Json, Threads};
use crate::output::{json_line, told};
use crate::signals::Interrupt;
use anyhow::Result;
use clap::Args;
use consingan::{Kind, Place, free_name};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The folder that the official program wrote, with parameters.txt in it
    folder: PathBuf,
    /// The run directory to make [default: runs/NAME of the folder, numbered where the name is taken]
    #[arg(long, value_name = "RUN")]
    out: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(args: &ImportArgs) -> Result<ExitCode> {
    args.threads.apply();
    let usual = Path::new("runs").join(args.folder.file_name().unwrap_or("official".as_ref()));
    args.out.clone().map_or_else(|| Place::free(&usual), Place::At).check(Kind::Directory)?;
    let run = loop {
        let out = args.out.clone().unwrap_or_else(|| free_name(&usual, ""));
        match consingan::import(&args.folder, &out) {
            // Another program took the free name.
            Err(error) if args.out.is_none() && error.is_taken() => {}
            imported => break imported?,
        }
    };
    report_finished(&run, &Interrupt::listen()?);
    if args.json.wanted {
        let info = run.info();
        json_line(&serde_json::json!({"run": run.dir(), "task": info.task, "sizes": info.sizes}))?;
    } else {
        told(&run.dir().display().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
