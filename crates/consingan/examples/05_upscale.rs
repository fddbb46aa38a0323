//! A picture enlarged by what it tells about itself: `cargo run --release -p consingan --example 05_upscale
//! -- PICTURE`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{SampleRequest, Silent, Task, UpscaleRequest};

fn main() -> consingan::Result<()> {
    let (picture, request) = match std::env::args().nth(1) {
        Some(path) => (consingan::load(path.as_ref())?, UpscaleRequest::default()),
        None => {
            // A sample of 40 pixels, and some seconds for it.
            let sampler = common::small_run(Task::Generation)?.sampler(SampleRequest::default())?;
            (sampler.picture(0)?, UpscaleRequest { niter: 20, ..UpscaleRequest::default() })
        }
    };
    let enlarged = consingan::upscale(&picture, UpscaleRequest { factor: 3.0, ..request }, &mut Silent)?;
    let path = std::env::temp_dir().join("consingan-enlarged.png");
    enlarged.save_png(&path)?;
    println!("{:?} pixels became {:?}: {}", picture.size(), enlarged.size(), path.display());
    Ok(())
}
