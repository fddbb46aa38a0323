//! The collapse guard: notices that a stage has gone wrong, and goes back once with a lower rate.
//!
//! What it does depends on iterations alone, never on the clock, and its state is part of a checkpoint: a resumed run is
//! guarded exactly as one that was not stopped.

use crate::log::LogLengths;
use crate::networks::{Networks, Steps};
use crate::{Collapse, Result};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The state to go back to is kept every so many iterations, and at a stage's start.
pub(crate) const KEEP_EVERY: usize = 250;
/// Losses are looked at every so many iterations.
pub(crate) const CHECK_EVERY: usize = 10;
/// Samples whose pixels vary less than this, relative to the picture's, have gone flat.
const FLAT: f64 = 0.02;
/// A reconstruction whose squared error is so many times the picture's variance is lost.
const LOST: f64 = 2.0;
/// Samples are looked at after every one of so many shares of a stage, the last of which is its end, so that short stages
/// are guarded too.
const SHARES: usize = 4;
/// Before so many iterations a stage is not judged: a network that has hardly begun may be flat.
const FIRST_LOOK: usize = 50;
/// What going back multiplies the rates with.
const SLOWER: f64 = 0.3;

/// The guard's part of a checkpoint's position.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuardState {
    /// What the rates are multiplied with.
    pub(crate) factor: f64,
    /// Whether it went back already in this stage.
    pub(crate) tripped: bool,
    /// Iterations that were done in the state to go back to.
    pub(crate) back_to: usize,
    /// Optimizer steps in that state.
    steps: Steps,
    /// The logs' lengths in that state.
    pub(crate) logs: LogLengths,
}

/// The tensors of a copy of a stage's state, by their names with the part's prefix.
pub(crate) type Snapshot = HashMap<String, Tensor>;

impl GuardState {
    /// A stage's start.
    pub(crate) fn new() -> Self {
        let (steps, logs) = (Steps::default(), LogLengths::default());
        Self { factor: 1.0, tripped: false, back_to: 0, steps, logs }
    }

    /// Copies the present state, after `done` iterations.
    pub(crate) fn keep(&mut self, networks: &Networks, done: usize, logs: LogLengths) -> Result<Snapshot> {
        (self.back_to, self.steps, self.logs) = (done, networks.steps(), logs);
        networks.tensors().into_iter().map(|(name, tensor)| Ok((name, tensor.copy()?))).collect()
    }

    /// Goes back to the kept state, with lower rates from there on.
    pub(crate) fn go_back(&mut self, networks: &mut Networks, snapshot: &Snapshot) -> Result<()> {
        networks.restore(snapshot, self.steps)?;
        (self.tripped, self.factor) = (true, self.factor * SLOWER);
        Ok(())
    }
}

/// Whether samples are looked at when `done` of `niter` iterations are done.
pub(crate) fn is_look_due(done: usize, niter: usize) -> bool {
    let at_share = (done * SHARES).is_multiple_of(niter) || (done * SHARES) % niter < SHARES;
    done >= FIRST_LOOK && (at_share || done.is_multiple_of(KEEP_EVERY))
}

/// Whether a reconstruction is no better than the real picture's mean colour; a picture that is flat itself cannot tell.
pub(crate) fn check_reconstruction(real: &Tensor, reconstruction: &Tensor) -> Result<Option<Collapse>> {
    let variance = deviation(real)?.powi(2);
    let error = f64::from((real - reconstruction)?.sqr()?.mean_all()?.to_scalar::<f32>()?);
    let times = error / variance.max(1e-12);
    Ok((variance >= 1e-6 && times > LOST).then_some(Collapse::Lost(times)))
}

/// Whether samples have gone flat beside the real picture; a picture that is flat itself cannot tell.
pub(crate) fn check_samples(real: &Tensor, samples: &[Tensor]) -> Result<Option<Collapse>> {
    let of_real = deviation(real)?;
    if of_real < 1e-3 {
        return Ok(None);
    }
    let mut most: f64 = 0.0;
    for sample in samples {
        most = most.max(deviation(sample)? / of_real);
    }
    Ok((most < FLAT).then_some(Collapse::Flat(most)))
}

/// Standard deviation within the channels: one colour everywhere has none, however far its channels lie apart.
fn deviation(x: &Tensor) -> Result<f64> {
    let channels = x.dim(candle_core::D::Minus1)?;
    let values = x.flatten_all()?.to_vec1::<f32>()?;
    let count = (values.len() / channels) as f64;
    let mut variance = 0.0;
    for channel in 0..channels {
        let of_channel = || values.iter().skip(channel).step_by(channels).map(|&v| f64::from(v));
        let mean = of_channel().sum::<f64>() / count;
        variance += of_channel().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    }
    Ok((variance / channels as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use std::slice;

    #[test]
    fn only_flat_samples_of_a_picture_with_contrast_are_flat() -> Result<()> {
        let ramp = |scale: f32| {
            Tensor::from_vec((0..48).map(|i| scale * i as f32).collect(), (1, 4, 4, 3), &Device::Cpu)
        };
        let (real, black) = (ramp(0.02)?, ramp(0.0)?);
        assert_eq!(check_samples(&real, slice::from_ref(&black))?, Some(Collapse::Flat(0.0)));
        assert_eq!(check_samples(&real, &[black.clone(), ramp(0.01)?])?, None);
        assert_eq!(check_samples(&black, slice::from_ref(&black))?, None);
        Ok(())
    }

    #[test]
    fn one_bright_colour_everywhere_is_flat() -> Result<()> {
        let values = (0..48).map(|i| 0.02 * i as f32).collect();
        let real = Tensor::from_vec(values, (1, 4, 4, 3), &Device::Cpu)?;
        let green = (0..48).map(|i| if i % 3 == 1 { 1.0f32 } else { -1.0 }).collect();
        let green = Tensor::from_vec(green, (1, 4, 4, 3), &Device::Cpu)?;
        assert_eq!(check_samples(&real, slice::from_ref(&green))?, Some(Collapse::Flat(0.0)));
        assert!(matches!(check_reconstruction(&real, &green)?, Some(Collapse::Lost(times)) if times > 5.0));
        assert_eq!(check_reconstruction(&real, &(&real * 0.9)?)?, None);
        Ok(())
    }

    #[test]
    fn short_stages_are_looked_at_too_and_every_end_is() {
        let looks = |niter: usize| (1..=niter).filter(|&done| is_look_due(done, niter)).collect::<Vec<_>>();
        assert_eq!(looks(150), [75, 113, 150]);
        assert_eq!(looks(1000), [250, 500, 750, 1000]);
        assert!(looks(40).is_empty());
        assert_eq!(looks(2000).len(), 8);
    }
}
