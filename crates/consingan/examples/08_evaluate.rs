//! How good a run is, in figures and as a page to look at: `cargo run --release -p consingan --example
//! 08_evaluate -- RUN`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{EvaluateRequest, ReportRequest, Silent, Task};

fn main() -> consingan::Result<()> {
    let run = match std::env::args().nth(1) {
        Some(dir) => consingan::open(dir)?,
        None => common::small_run(Task::Generation)?,
    };
    let request = EvaluateRequest { samples: 8, ..EvaluateRequest::default() };
    let quality = run.evaluate(request, &mut Silent)?;
    // The floor is what the picture's own mirror image scores: samples come close to it, and hardly below.
    let figures = quality.report.mean.figures().into_iter().zip(quality.floor.figures());
    for ((name, mean), (_, floor)) in figures {
        println!("{name:<22} {mean:?} (floor {floor:?})");
    }
    let page = run.dir().join("report.html");
    run.report(&page, ReportRequest::default(), &mut Silent)?;
    println!("{}", page.display());
    Ok(())
}
