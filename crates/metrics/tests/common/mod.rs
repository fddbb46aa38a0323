//! Pictures generated for the tests.
#![allow(dead_code, unreachable_pub)]

use ndarray::Array3;

/// A picture of random pixels, in which no two patches are equal.
pub fn noise(height: usize, width: usize, channels: usize, seed: u32) -> Array3<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    Array3::from_shape_simple_fn((height, width, channels), || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// A picture of smooth colours with some texture, similar to a photograph.
pub fn scene(height: usize, width: usize, seed: u32) -> Array3<f32> {
    let grain = noise(height, width, 3, seed);
    let phase = seed as f32;
    Array3::from_shape_fn((height, width, 3), |(row, column, channel)| {
        let (y, x, c) = (row as f32, column as f32, channel as f32);
        let hills = (0.11 * x + phase + (0.07 * y + c).sin()).sin() * (0.09 * y - 0.5 * c + phase).cos();
        0.7 * hills + 0.2 * (0.9 * x + 0.3 * y * (1.0 + c)).sin() + 0.1 * grain[[row, column, channel]]
    })
}
