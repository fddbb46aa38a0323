//! Drawing pictures from a generator: fresh noise above a start stage, the fixed noise below it.

use crate::{FirstInput, Result};
use candle_core::{DType, Tensor};
use kernels::{Purpose, Stream, Wrap};
use model::{Generator, Inputs};

/// What a sample is made from.
#[derive(Clone, Copy, Debug)]
pub struct Sampling<'a> {
    /// Noise amplitude of every stage of the generator.
    pub amps: &'a [f64],
    /// Height and width that each stage gives; any size the network can work on.
    pub sizes: &'a [(usize, usize)],
    /// The run's fixed noise, `[1, H, W, C]` a stage.
    pub fixed: &'a [Tensor],
    /// What stage 0 gets where it is not fixed.
    pub first: &'a dyn FirstInput,
    /// Stages below it get the fixed noise, and so the training picture's layout; 0: all noise is fresh.
    pub start_stage: usize,
    /// Axes along which the picture's edges meet.
    pub wrap: Wrap,
    /// Seed of the fresh noise.
    pub seed: u64,
}

/// Sample number `index`, `[1, H, W, C]` in [-1, 1]: a function of the seed and the index alone, whatever was drawn
/// before. Stages below `start_stage` get the fixed noise, resized where the sizes are not those of training.
pub fn draw(g: &Generator, sampling: Sampling<'_>, index: u32) -> Result<Tensor> {
    let mut noise = Vec::with_capacity(g.stages());
    for (level, &size) in sampling.sizes.iter().enumerate().take(g.stages()) {
        let (h, w, c) = g.config().tiled_noise_shape(level, size, sampling.wrap);
        noise.push(if level < sampling.start_stage {
            let fixed = &sampling.fixed[level];
            if fixed.dims() == [1, h, w, c] { fixed.clone() } else { kernels::bicubic(fixed, (h, w))? }
        } else {
            let stream = Stream {
                seed: sampling.seed,
                purpose: Purpose::Sampling,
                stage: 0,
                level: level as u32,
                iteration: index,
            };
            let device = sampling.fixed[0].device();
            if level == 0 {
                let input = Tensor::zeros((1, h, w, c), DType::F32, device)?;
                sampling.first.fill(&input, stream)?;
                input
            } else {
                kernels::normal(stream, (0, 0), (h, w, c), device)?
            }
        });
    }
    let inputs = Inputs { noise: &noise, sizes: sampling.sizes, amps: sampling.amps };
    Ok(if sampling.wrap.any() { g.forward_tiled(inputs, sampling.wrap)? } else { g.forward(inputs)? })
}

/// What the fixed noise gives: the reconstruction of the training picture, at `sizes`.
pub fn reconstruct(g: &Generator, sampling: Sampling<'_>) -> Result<Tensor> {
    draw(g, Sampling { start_stage: g.stages(), ..sampling }, 0)
}
