//! Haze put over a picture and taken away again by both methods: `cargo run --release -p dehaze --example
//! 01-dehaze -- [PICTURE]`.
//!
//! Writes `dehazed.png`: the clear picture, the hazy one, the dark channel prior's, the generator's, and its
//! transmission.

#![allow(clippy::print_stdout)] // an example prints

use dehaze::{DehazeRequest, Method, dehaze, haze};
use ndarray::{Array2, Axis};
use pyramid::{Picture, Target, contact_sheet, imresize, load};
use std::path::PathBuf;
use train::{Control, Event, Work};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/images/coffee.jpg");
    let path = std::env::args_os().nth(1).map_or_else(|| bundled.into(), PathBuf::from);
    let whole = load(&path)?;
    let scale = 180.0 / whole.size().0.max(whole.size().1) as f64;
    let clear = Picture::from_pixels(imresize(whole.pixels(), Target::Scale(scale.min(1.0)))?)?;

    // The farther up, the farther away.
    let (height, _) = clear.size();
    let transmission = |(y, _)| (-1.2 * (1.0 - y as f32 / height as f32)).exp();
    let hazy = haze(&clear, &Array2::from_shape_fn(clear.size(), transmission), [0.85, 0.88, 0.9])?;

    let mut show = |event: &Event<'_>| {
        if let Event::Progress { what: Work::Dehazing { stage, loss, .. }, done, .. } = *event
            && done % 50 == 0
        {
            println!("stage {stage}, iteration {done}: loss {loss:.5}");
        }
        Control::Continue
    };
    let mut by = |method| dehaze(&hazy, &DehazeRequest { method, ..DehazeRequest::default() }, &mut show);
    let (prior, ours) = (by(Method::DarkChannelPrior)?, by(Method::MultiStage)?);
    println!(
        "airlight {:?}, transmission {:.2} on average",
        ours.airlight,
        ours.transmission.mean().unwrap_or(1.0)
    );
    let transmission = ours.transmission.mapv(|t| t * 2.0 - 1.0).insert_axis(Axis(2));
    let tiles = [clear, hazy, prior.picture, ours.picture, Picture::from_pixels(transmission)?];
    contact_sheet(&tiles, tiles.len(), 2).save_png("dehazed.png")?;
    Ok(())
}
