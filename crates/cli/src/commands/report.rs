//! `consingan report`: a run as one HTML file to look at.

use crate::after_training::REPORT;
use crate::arguments::{Json, Threads, count, seed};
use crate::blank;
use crate::output::{json_line, told};
use crate::progress::WorkShown;
use crate::refusal::refusal;
use crate::signals::Interrupt;
use anyhow::Result;
use clap::Args;
use consingan::{Kind, Place, ReportRequest};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run directory
    run: PathBuf,
    /// How many samples to draw and score, 1 to 10000
    #[arg(short, long, default_value_t = 16, allow_negative_numbers = true, value_parser = count(10_000))]
    n: u32,
    /// Seed of the noise [default: the run's plus 1, which gives others than the sheets show]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seed())]
    seed: Option<u64>,
    /// The file to write [default: RUN/report.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(args: &ReportArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = consingan::open(&args.run)?;
    let request = ReportRequest { samples: args.n, seed: args.seed, ..ReportRequest::default() };
    let stop = Interrupt::listen()?;
    let path = match &args.out {
        Some(out) => {
            // The check comes before minutes of drawing and scoring.
            let place = Place::At(out.clone());
            place.check(Kind::File)?;
            place.make(Kind::File, |path| run.report(path, request, &mut WorkShown::new(&stop)))?.0
        }
        None => {
            let path = run.dir().join(REPORT);
            if path.is_dir() {
                let what = format!("{}: is a directory", path.display());
                return Err(refusal(what, "name a file with --out"));
            }
            // The report of before is replaced.
            Place::free(path.clone()).check(Kind::File)?;
            run.report(&path, request, &mut WorkShown::new(&stop))?;
            path
        }
    };
    let advice = blank::advice(&run);
    if let Some(advice) = &advice {
        tracing::warn!("{advice}");
    }
    if args.json.wanted {
        let mut value = serde_json::json!({"file": path});
        if let Some(advice) = advice {
            value["blank"] = true.into();
            value["advice"] = advice.into();
        }
        json_line(&value)?;
    } else {
        told(&path.display().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
