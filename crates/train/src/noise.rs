//! The random numbers of an iteration.

use crate::streams::{self, Moment};
use crate::{FirstInput, Result, TrainConfig};
use candle_core::Tensor;

/// Overwrites the buffers of [`crate::StageInputs::fresh_noise`] with an iteration's noise, that of stage 0 with what the task
/// gives it.
///
/// # Errors
/// [`crate::Error::Tensor`] where the device fails; what [`FirstInput::fill`] returns.
pub fn draw_noise(
    config: &TrainConfig,
    first: &dyn FirstInput,
    stage: usize,
    iteration: usize,
    buffers: &[Tensor],
) -> Result<()> {
    for (level, buffer) in buffers.iter().enumerate() {
        if level == 0 {
            first.fill(buffer, Moment::training(config.seed, stage, iteration))?;
        } else {
            kernels::fill_normal(buffer, streams::training_noise(config.seed, stage, level, iteration))?;
        }
    }
    Ok(())
}

/// The mixing factors of an iteration's critic steps, in (0, 1).
pub fn penalty_alphas(config: &TrainConfig, stage: usize, iteration: usize) -> Vec<f32> {
    let stream = streams::penalty_alphas(config.seed, stage, iteration);
    kernels::uniform(stream, config.d_steps).into_iter().map(|u| u as f32).collect()
}
