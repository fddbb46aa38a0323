//! Writes an animation of moving waves in the format given by the extension: `cargo run -p frames --example
//! 01-waves -- waves.gif`.

#![allow(clippy::print_stdout)] // An example prints its results.

use frames::{Error, Format};
use ndarray::Array3;
use pyramid::Picture;
use std::path::PathBuf;

/// Number of frames in one period of the waves.
const COUNT: usize = 24;

fn main() -> Result<(), Error> {
    let path = PathBuf::from(std::env::args_os().nth(1).unwrap_or("waves.gif".into()));
    let format = Format::from_extension(&path).unwrap_or(Format::Png);
    let count = frames::write((0..COUNT).map(frame), 12.0, format, &path)?;
    println!("{count} frames: {}", path.display());
    Ok(())
}

fn frame(number: usize) -> Result<Picture, Error> {
    let phase = number as f32 / COUNT as f32 * std::f32::consts::TAU;
    let value = |(y, x, c): (usize, usize, usize)| {
        let distance = (y as f32 - 60.0).hypot(x as f32 - 80.0);
        (distance * 0.25 - phase + c as f32).sin()
    };
    Ok(Picture::from_pixels(Array3::from_shape_fn((120, 160, 3), value))?)
}
