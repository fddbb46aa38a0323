//! One picture becomes a model of it, which draws a new one: `cargo run --release -p consingan --example
//! 01_train -- PHOTO`.
//!
//! Without a picture, a bundled one is trained on for seconds only, and the result looks accordingly.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{Options, SampleRequest, Task};

fn main() -> consingan::Result<()> {
    let run = match std::env::args().nth(1) {
        Some(photo) => consingan::train(photo.as_str(), Options::quick())?,
        None => consingan::train(common::PHOTO, common::tiny(Task::Generation))?,
    };
    let new = run.dir().join("new.png");
    run.sampler(SampleRequest::default())?.picture(0)?.save_png(&new)?;
    println!("{}", new.display());
    Ok(())
}
