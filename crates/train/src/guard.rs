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

/// Standard deviation over all values.
fn deviation(x: &Tensor) -> Result<f64> {
    let values = x.flatten_all()?.to_vec1::<f32>()?;
    let n = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    Ok((values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt())
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
}
