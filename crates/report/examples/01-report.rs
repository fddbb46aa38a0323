//! Writes the report of a run: `cargo run --release -p report --example 01-report -- RUN [FILE]`.

#![allow(clippy::print_stdout)] // An example prints its results.

use report::{ReportRequest, write_report};
use std::path::PathBuf;
use train::{Control, Event, Run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let run = Run::open(&arguments.next().ok_or("name a run directory")?)?;
    let path = arguments.next().unwrap_or_else(|| run.dir.join("report.html"));
    let request = ReportRequest { samples: 8, ..ReportRequest::default() };
    let mut show = |event: &Event<'_>| {
        if let Event::Progress { done, total, .. } = event {
            println!("{done} of {total} samples");
        }
        Control::Continue
    };
    write_report(&run, &request, &path, &mut show)?;
    println!("{}", path.display());
    Ok(())
}
