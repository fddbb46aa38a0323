//! Something pasted into a picture gets the picture's colours: `cargo run --release -p consingan --example
//! 04_harmonize`.

#![allow(clippy::print_stdout)] // an example prints

mod common;

use consingan::{Picture, RetouchRequest, Silent, Task};

fn main() -> consingan::Result<()> {
    let run = common::small_run(Task::Harmonization)?;
    // The training picture with a square of another colour.
    let mut pixels = run.training_picture(1)?.to_u8();
    for y in 8..20 {
        for x in 12..24 {
            pixels[[y, x, 0]] = 255;
        }
    }
    let pasted = Picture::from_u8(pixels.view())?;
    // Without a mask, what differs from the training picture is harmonized.
    let retouched = run.retouch(&pasted, RetouchRequest::default(), &mut Silent)?;
    for (name, picture) in [("pasted", &pasted), ("mask", &retouched.mask), ("result", &retouched.picture)] {
        let path = run.dir().join(format!("{name}.png"));
        picture.save_png(&path)?;
        println!("{}", path.display());
    }
    Ok(())
}
