//! The random numbers of an iteration.

use crate::first_input::FirstInput;
use crate::{Result, TrainConfig};
use candle_core::Tensor;
use kernels::{Purpose, Stream};

/// Fills the buffers with an iteration's noise, that of stage 0 with what the task gives it.
pub fn draw_noise(
    config: &TrainConfig,
    first: &dyn FirstInput,
    stage: usize,
    iteration: usize,
    buffers: &[Tensor],
) -> Result<()> {
    for (level, buffer) in buffers.iter().enumerate() {
        let stream = training_stream(config, stage, level, iteration);
        if level == 0 {
            first.fill(buffer, stream)?;
        } else {
            kernels::fill_normal(buffer, stream)?;
        }
    }
    Ok(())
}

/// The stream of an iteration's noise that enters stage `level`.
pub(crate) fn training_stream(config: &TrainConfig, stage: usize, level: usize, iteration: usize) -> Stream {
    Stream {
        seed: config.seed,
        purpose: Purpose::Training,
        stage: stage as u32,
        level: level as u32,
        iteration: iteration as u32,
    }
}

/// The mixing factors of an iteration's critic steps.
pub fn penalty_alphas(config: &TrainConfig, stage: usize, iteration: usize) -> Vec<f32> {
    let stream = Stream {
        seed: config.seed,
        purpose: Purpose::PenaltyAlpha,
        stage: stage as u32,
        level: 0,
        iteration: iteration as u32,
    };
    kernels::uniform(stream, config.d_steps).into_iter().map(|u| u as f32).collect()
}
