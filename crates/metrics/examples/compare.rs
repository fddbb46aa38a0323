//! Prints the figures of samples against a picture. `compare REAL SAMPLE...` reads the pictures from files;
//! without arguments, a small picture and two samples are generated.
#![allow(clippy::print_stdout)]

use std::error::Error;

use metrics::{Evaluation, Options, Reference, from_u8};
use ndarray::Array3;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let mut pictures = Vec::new();
    for path in &paths {
        let image = image::open(path)?.to_rgb8();
        let size = (image.height() as usize, image.width() as usize, 3);
        pictures.push(from_u8(Array3::from_shape_vec(size, image.into_raw())?.view()));
    }
    if pictures.is_empty() {
        pictures = [0, 7, 19].map(waves).into();
    }
    let Some((real, samples)) = pictures.split_first() else { return Ok(()) };
    let reference = Reference::new(real.view(), &Options::default())?;
    let mut evaluation = Evaluation::new(&reference);
    for (number, sample) in samples.iter().enumerate() {
        let figures = evaluation.add(sample.view())?;
        println!("sample {}: realism {:?}", number + 1, figures.patch_realism);
    }
    let report = evaluation.report();
    println!("\n{:22}{:>10}{:>10}", "", "mean", "floor");
    for ((name, value), (_, floor)) in report.mean.figures().iter().zip(reference.floor().figures()) {
        println!("{name:22}{:>10}{:>10}", show(*value), show(floor));
    }
    println!("{:22}{:>10}", "pixel_diversity", show(report.pixel_diversity));
    Ok(())
}

fn show(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.4}"))
}

/// A picture of crossing waves, 64x96x3, in [-1, 1].
fn waves(phase: usize) -> Array3<f32> {
    Array3::from_shape_fn((64, 96, 3), |(row, column, channel)| {
        let (y, x) = ((row + phase) as f32, (column + 2 * phase) as f32);
        0.6 * (0.21 * x + 0.05 * y).sin() + 0.4 * (0.13 * y + channel as f32 + 0.002 * x * y).cos()
    })
}
