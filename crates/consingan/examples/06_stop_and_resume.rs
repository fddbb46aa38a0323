//! Training that is stopped and gone on with gives the same bytes as one that is not: `cargo run --release -p
//! consingan --example 06_stop_and_resume`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{Control, Error, Event, Silent, Task};

fn main() -> consingan::Result<()> {
    let mut count = 0;
    let mut stop = |event: &Event<'_>| {
        count += usize::from(matches!(event, Event::Iteration { .. }));
        if count >= 40 { Control::Stop } else { Control::Continue }
    };
    let mut options = common::tiny(Task::Generation);
    options.observer = Some(&mut stop);
    let dir = match consingan::train(common::PHOTO, options) {
        Err(Error::Interrupted { run }) => run,
        other => return other.map(|_| ()),
    };
    println!("{}: {} of 2 stages are done", dir.display(), consingan::open(&dir)?.info().stages_done);
    let run = consingan::resume(&dir, &mut Silent)?;
    println!("{}: finished is {}", dir.display(), run.is_finished());
    Ok(())
}
