//! Synthetic haze with a known truth.

use ndarray::Array2;
use pyramid::Size;
use train::streams;

/// The transmission of a haze, height x width: `t = exp(-beta * depth)` with depths of 0 to 1, a ramp in some
/// direction and some blobs nearer or farther than it, drawn from `seed`.
pub fn random_haze(size: Size, beta: f64, seed: u64) -> Array2<f32> {
    depth(size, seed).mapv(|d| (-beta * f64::from(d)).exp() as f32)
}

/// Depths from 0 to 1.
fn depth((h, w): Size, seed: u64) -> Array2<f32> {
    let numbers = kernels::uniform(streams::synthetic_haze(seed), 2 + 5 * 4);
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
