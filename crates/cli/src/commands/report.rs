//! `consingan report`: a run as one HTML file to look at.

use crate::args::ReportArgs;
use crate::output::{BARS, line};
use anyhow::{Result, bail};
use indicatif::ProgressBar;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use tasks::{ReportRequest, write_report};
use train::Run;

/// Name of the report in a run directory.
pub(crate) const FILE: &str = "report.html";

/// Pixels of all samples that are scored at the end of training. At most two seconds of a core go into a sample of a
/// picture that this lets through, and the end is to take seconds; `consingan report` takes its time.
const SCORED_PIXELS: usize = 125_000;

pub(crate) fn run(args: &ReportArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = Run::open(&args.run)?;
    let path = args.out.clone().unwrap_or_else(|| run.dir.join(FILE));
    // Before minutes of drawing and scoring, not after.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    if path.is_dir() || folder.is_some_and(|p| !p.is_dir()) {
        bail!(
            "{}: is no place for a file; name a file in a directory that exists with --out",
            path.display()
        );
    }
    let bar = if std::io::stderr().is_terminal() {
        BARS.add(ProgressBar::new(args.n.into()))
    } else {
        ProgressBar::hidden()
    };
    let request =
        ReportRequest { samples: args.n, scored: true, seed: args.seed.unwrap_or(run.info.seed + 1) };
    write_report(&run, &request, &path, |done| bar.set_position(done.into()))?;
    bar.finish_and_clear();
    if args.json {
        line(&serde_json::json!({"file": path}).to_string());
    } else {
        line(&path.display().to_string());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the report of a run that has just been finished: few samples, fewer of large pictures, so that it is a matter of
/// seconds.
pub(crate) fn at_the_end(run: &Run) -> tasks::Result<PathBuf> {
    let (h, w) = run.info.sizes[run.info.sizes.len() - 1];
    let scored = (SCORED_PIXELS / (h * w)).min(8) as u32;
    // Diversity is a figure of two samples or more.
    let request = ReportRequest {
        samples: if scored > 1 { scored } else { 4 },
        scored: scored > 1,
        seed: run.info.seed + 1,
    };
    let path = run.dir.join(FILE);
    write_report(run, &request, &path, |_| {})?;
    Ok(path)
}
