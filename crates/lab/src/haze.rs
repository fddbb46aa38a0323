//! Haze over clear pictures, where the truth is known.

use crate::Result;
use crate::dehaze::maps::{Map, colours};
use crate::dehaze::physics::{Airlight, through_haze};
use kernels::{Purpose, Stream};
use ndarray::Array2;
use pyramid::Picture;

/// Puts haze over a clear picture: `t = exp(-beta * depth)` with depths of 0 to 1, a ramp in some direction and some blobs
/// nearer or farther than it, drawn from `seed`. The hazy picture is rounded to 8 bits, as a file would be; alpha stays.
/// Returns it and t, height x width.
///
/// # Errors
/// Only where the picture cannot be made, which its own values do not cause.
pub fn haze(picture: &Picture, beta: f64, airlight: Airlight, seed: u64) -> Result<(Picture, Array2<f32>)> {
    let t = depth(picture.size(), seed).mapv(|d| (-beta * f64::from(d)).exp() as f32);
    let hazy = through_haze(colours(picture).view(), &t, &airlight);
    let mut pixels = picture.pixels().to_owned();
    for ((y, x, c), &v) in hazy.indexed_iter() {
        pixels[[y, x, c]] = (v * 255.0).round() / 127.5 - 1.0;
    }
    Ok((Picture::from_pixels(pixels)?, t))
}

/// Depths from 0 to 1.
fn depth((h, w): (usize, usize), seed: u64) -> Map {
    let stream = Stream { seed, purpose: Purpose::Other, stage: 0, level: 0, iteration: 0 };
    let numbers = kernels::uniform(stream, 2 + 5 * 4);
    let long = h.max(w) as f64;
    let (sin, cos) = (numbers[0] * std::f64::consts::TAU).sin_cos();
    let blobs = 3 + (numbers[1] * 3.0) as usize;
    let raw = Array2::from_shape_fn((h, w), |(y, x)| {
        let (y, x) = ((y as f64 - h as f64 / 2.0) / long, (x as f64 - w as f64 / 2.0) / long);
        let mut depth = x * cos + y * sin;
        for blob in numbers[2..].chunks_exact(4).take(blobs) {
            let centre = ((blob[0] - 0.5) * h as f64 / long, (blob[1] - 0.5) * w as f64 / long);
            let sigma = 0.06 + 0.12 * blob[2];
            let square = ((y - centre.0).powi(2) + (x - centre.1).powi(2)) / (sigma * sigma);
            depth += (blob[3] - 0.4) * (-0.5 * square).exp();
        }
        depth
    });
    let low = raw.iter().copied().fold(f64::INFINITY, f64::min);
    let high = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    raw.mapv(|d| ((d - low) / (high - low).max(1e-9)) as f32)
}
