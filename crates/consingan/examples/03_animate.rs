//! A picture that moves, in an endless loop: `cargo run --release -p consingan --example 03_animate`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{AnimateRequest, Control, End, Event, FrameFormat, Task};

fn main() -> consingan::Result<()> {
    let run = common::small_run(Task::Animation)?;
    let request = AnimateRequest { frames: 20, end: End::Loop, ..AnimateRequest::default() };
    // An observer is notified of everything that takes long. Any closure is one; `Control::Stop` would stop the
    // work.
    let mut observer = |event: &Event<'_>| {
        if let Event::Progress { done, total, .. } = event {
            println!("frame {done} of {total}");
        }
        Control::Continue
    };
    let path = run.dir().join("animation.gif");
    run.animation(request)?.save(&path, FrameFormat::Gif, 10.0, &mut observer)?;
    println!("{}", path.display());
    Ok(())
}
