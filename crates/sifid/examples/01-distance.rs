//! Prints the SIFID of pictures: `cargo run -p sifid --example 01-distance -- WEIGHTS REAL SAMPLE...`.
//!
//! WEIGHTS is torchvision's `inception_v3` as a safetensors file.

#![allow(clippy::print_stdout)] // An example prints its results.

use sifid::Inception;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [weights, real, samples @ ..] = &arguments[..] else {
        return Err("name Inception's weights, a picture, and pictures to compare with it".into());
    };
    let inception = Inception::load(weights)?;
    let real = inception.features(&pyramid::load(real)?)?.ok_or("the first picture is too small")?;
    for path in samples {
        match inception.features(&pyramid::load(path)?)? {
            Some(sample) => println!("{:.4} {}", real.distance(&sample), path.display()),
            None => println!("too small {}", path.display()),
        }
    }
    Ok(())
}
