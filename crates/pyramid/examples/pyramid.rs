//! Saves a sheet of the training pictures for a picture: `cargo run -p pyramid --example pyramid -- PICTURE
//! [OUT.png]`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use pyramid::{Error, Schedule, load, pyramid, pyramid_sheet};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Error> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let input = arguments.next().unwrap_or_else(|| {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/images/coffee.jpg"))
    });
    let output = arguments.next().unwrap_or_else(|| "pyramid.png".into());

    // 11 pixels are the receptive field of a network of five 3x3 convolutions.
    let stages = pyramid(&load(&input)?, &Schedule::default(), 11)?;
    for (number, stage) in stages.iter().enumerate() {
        let (height, width) = stage.size();
        println!("stage {number}: {width} x {height}, {} channels", stage.channels());
    }
    pyramid_sheet(&stages).save_png(&output)?;
    println!("{}", output.display());
    Ok(())
}
