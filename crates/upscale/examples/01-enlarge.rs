//! A picture twice as large, near to the true pixels: `cargo run --release -p upscale --example 01-enlarge --
//! [PICTURE [FACTOR]]`.
//!
//! Writes `enlarged.png`: bicubic, and ours. Without a picture, a bundled one is reduced first.

#![allow(clippy::print_stdout)] // an example prints

use pyramid::{Picture, Target, contact_sheet, imresize, load};
use std::path::PathBuf;
use train::{Control, Event, Work};
use upscale::{Enlarger, UpscaleRequest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let picture = match arguments.next() {
        Some(path) => load(&PathBuf::from(path))?,
        None => {
            let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/images/brick.png");
            Picture::from_pixels(imresize(load(bundled.as_ref())?.pixels(), Target::Size((96, 128)))?)?
        }
    };
    let factor = arguments.next().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(2.0);

    let request = UpscaleRequest { factor, ..UpscaleRequest::default() };
    let mut show = |event: &Event<'_>| {
        if let Event::Progress { what: Work::LearningToEnlarge { loss, .. }, done, total } = *event
            && done % 100 == 0
        {
            println!("{done} of {total} iterations, loss {loss:.6}");
        }
        Control::Continue
    };
    let enlarger = Enlarger::train(&picture, &request, &mut show)?;

    let ours = enlarger.apply(&picture, factor, &mut show)?;
    let bicubic = Picture::from_pixels(imresize(picture.pixels(), Target::Size(ours.size()))?)?;
    contact_sheet(&[bicubic, ours], 2, 2).save_png("enlarged.png")?;
    Ok(())
}
