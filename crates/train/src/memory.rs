//! What an iteration needs of memory: for estimates, and for the error where a GPU has too little of it.

use crate::{Error, Run, TrainConfig};
use candle_core::Device;

/// Feature maps that an iteration holds at once, of `filters` channels and the last stage's size, with three blocks a stage: as
/// measured on the CPU (the paper's step takes 641 MB at 172x250 pixels), some 14 gradients that a GPU keeps until it has all of
/// them, and as many again in the recorded iteration.
const MAPS: f64 = 144.0;

/// The same on the CPU, which needs each gradient only until it is used.
const MAPS_ON_CPU: f64 = 58.0;

/// Bytes of memory that an iteration at a stage of this height and width needs on the CPU, without the program itself.
pub fn step_memory(config: &TrainConfig, (height, width): (usize, usize)) -> f64 {
    (height * width) as f64 * a_pixel(config, MAPS_ON_CPU)
}

/// The error as it is; or, where a GPU ran out of memory, one that says what fits.
pub(crate) fn explained(error: Error, run: &Run, device: &Device) -> Error {
    let text = error.to_string().to_ascii_lowercase();
    if device.is_cpu() || !(text.contains("out_of_memory") || text.contains("out of memory")) {
        return error;
    }
    let stage = run.info.stages_done.min(run.info.sizes.len() - 1);
    let size = run.info.sizes[stage];
    let fits = longest_side(&run.config, size, total(device)).min(size.0.max(size.1) * 9 / 10);
    Error::OutOfMemory { stage, size, fits }
}

/// The longer side of a picture of the shape `size` whose training fits into `bytes`.
fn longest_side(config: &TrainConfig, size: (usize, usize), bytes: f64) -> usize {
    let pixels = 0.9 * bytes / a_pixel(config, MAPS);
    let (long, short) = (size.0.max(size.1) as f64, size.0.min(size.1) as f64);
    (pixels * long / short).sqrt() as usize
}

/// Bytes for each pixel of so many feature maps.
fn a_pixel(config: &TrainConfig, maps: f64) -> f64 {
    maps * (config.filters * 4) as f64 * (config.layers + 1) as f64 / 4.0
}

#[cfg(feature = "cuda")]
fn total(device: &Device) -> f64 {
    kernels::gpu_memory(device).map_or(0.0, |(_, total)| total as f64)
}

#[cfg(not(feature = "cuda"))]
fn total(_: &Device) -> f64 {
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_grows_with_the_memory_and_keeps_the_shape() {
        let config = TrainConfig::default();
        let side = |gib: f64| longest_side(&config, (172, 250), gib * 1024f64.powi(3));
        assert!((400..800).contains(&side(8.0)), "{}", side(8.0));
        assert!(side(32.0).abs_diff(2 * side(8.0)) <= 2);
    }
}
