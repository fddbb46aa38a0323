//! Haze taken away from a picture: `cargo run --release -p consingan --example 07_dehaze -- PICTURE`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{DehazeRequest, Method, Silent};

fn main() -> consingan::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| common::PHOTO.into());
    // The dark channel prior takes a moment; `Method::MultiStage` trains a network on the picture, which
    // takes a minute.
    let request = DehazeRequest { method: Method::DarkChannelPrior, ..DehazeRequest::default() };
    let dehazed = consingan::dehaze(path.as_str(), request, &mut Silent)?;
    let [red, green, blue] = dehazed.airlight;
    println!("the haze has the colour {red:.2} {green:.2} {blue:.2}");
    let clear = std::env::temp_dir().join("consingan-clear.png");
    dehazed.picture.save_png(&clear)?;
    println!("{}", clear.display());
    Ok(())
}
