//! What the program writes and prints at the end of training.

use crate::output::quoted;
use crate::progress::WorkShown;
use crate::signals::Interrupt;
use consingan::{Quality, ReportRequest, Run};
use std::path::PathBuf;

/// Name of the report in a run directory.
pub(crate) const REPORT: &str = "report.html";

/// Pixels of all samples that are scored at the end of training. Such a sample takes at most two seconds of a
/// core to score, so that training ends within seconds. `consingan report` scores more.
const SCORED_PIXELS: usize = 125_000;

/// Prints how to resume a run that was stopped.
pub(crate) fn tell_stopped(run: &Run) {
    tracing::warn!("stopped; go on with: consingan train --resume {}", quoted(run.dir()));
}

/// Writes the report of a run that has just been finished, with few samples (fewer for large pictures), so
/// that it takes seconds. The run itself is complete, so a report that cannot be written is only a warning.
pub(crate) fn report_finished(run: &Run, stop: &Interrupt) -> Option<PathBuf> {
    let sizes = &run.info().sizes;
    let (h, w) = sizes[sizes.len() - 1];
    let scored = (SCORED_PIXELS / (h * w)).min(8) as u32;
    // Diversity needs two samples or more.
    let request =
        ReportRequest { samples: if scored > 1 { scored } else { 4 }, scored: scored > 1, seed: None };
    let path = run.dir().join(REPORT);
    match run.report(&path, request, &mut WorkShown::new(stop)) {
        Ok(quality) => {
            // Blank samples have a line of their own.
            let worst = quality.iter().flat_map(Quality::findings).find(|_| !run.info().is_blank());
            if let Some(finding) = worst {
                tracing::warn!("{finding}: {}", finding.remedy());
            }
            Some(path)
        }
        Err(e) => {
            let dir = quoted(run.dir());
            tracing::warn!("no report was written ({e}); try again: consingan report {dir}");
            None
        }
    }
}
