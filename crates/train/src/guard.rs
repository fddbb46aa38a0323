//! The collapse guard: notices that a stage has gone wrong, and goes back once with a lower rate.
//!
//! What it does depends on iterations alone, never on the clock, and its state is part of a checkpoint: a resumed run is
//! guarded exactly as one that was not stopped.

use crate::checkpoint::Parts;
use crate::log::LogLengths;
use crate::{Losses, Result};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state to go back to is kept every so many iterations, and at a stage's start.
pub(crate) const KEEP_EVERY: usize = 250;
/// Losses are looked at every so many iterations.
pub(crate) const CHECK_EVERY: usize = 10;
/// A loss beyond this has exploded; healthy ones stay within some hundreds.
const EXPLODED: f32 = 1e5;
/// Samples whose pixels vary less than this, relative to the picture's, have gone flat.
const FLAT: f64 = 0.02;
/// What going back multiplies the rates with.
const SLOWER: f64 = 0.3;

/// What the guard acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuardKind {
    /// Losses that are no numbers or have exploded.
    Numeric,
    /// Those, and samples gone flat (all black is the usual way).
    All,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Collapse {
    /// A loss is NaN or infinite.
    NotANumber(&'static str),
    /// A loss has exploded.
    Exploded(&'static str, f32),
    /// Samples hardly vary; the number is their deviation relative to the picture's.
    Flat(f64),
}

impl fmt::Display for Collapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Collapse::NotANumber(loss) => write!(f, "the loss {loss} is not a number"),
            Collapse::Exploded(loss, value) => write!(f, "the loss {loss} has exploded ({value:e})"),
            Collapse::Flat(deviation) => {
                write!(f, "samples have gone flat ({deviation:.4} of the picture's contrast)")
            }
        }
    }
}

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
    steps: (u64, u64),
    /// The logs' lengths in that state.
    pub(crate) logs: LogLengths,
}

/// A copy of a stage's state.
pub(crate) type Snapshot = Vec<(String, Tensor)>;

impl GuardState {
    /// A stage's start.
    pub(crate) fn new() -> Self {
        GuardState { factor: 1.0, tripped: false, back_to: 0, steps: (0, 0), logs: LogLengths::default() }
    }

    /// Copies the present state, after `done` iterations.
    pub(crate) fn keep(&mut self, parts: &Parts<'_>, done: usize, logs: LogLengths) -> Result<Snapshot> {
        (self.back_to, self.steps, self.logs) = (done, parts.steps(), logs);
        parts.tensors().into_iter().map(|(name, tensor)| Ok((name, tensor.copy()?))).collect()
    }

    /// Goes back to the kept state, with lower rates from there on.
    pub(crate) fn go_back(&mut self, parts: Parts<'_>, snapshot: &Snapshot) -> Result<()> {
        parts.restore(snapshot.iter().cloned().collect(), self.steps)?;
        (self.tripped, self.factor) = (true, self.factor * SLOWER);
        Ok(())
    }
}

/// Whether losses tell that training has gone wrong; `lambda` is the penalty's weight, which is taken out. The reconstruction's
/// error cannot explode: both pictures lie in [-1, 1].
pub(crate) fn check_losses(losses: &[f32; 5], lambda: f64) -> Option<Collapse> {
    let named = || Losses::NAMES.into_iter().zip(*losses);
    if let Some((name, _)) = named().find(|(_, l)| !l.is_finite()) {
        return Some(Collapse::NotANumber(name));
    }
    let [real, fake, penalty, adversarial, _] = *losses;
    let scores = [real, fake, penalty / lambda.max(f64::MIN_POSITIVE) as f32, adversarial];
    let exploded = Losses::NAMES.into_iter().zip(scores).find(|(_, l)| l.is_finite() && l.abs() > EXPLODED);
    exploded.map(|(name, l)| Collapse::Exploded(name, l))
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

    #[test]
    fn losses_are_judged_by_name() {
        assert_eq!(check_losses(&[1.0, -300.0, 0.0, 2.0, 3e6], 0.1), None);
        assert_eq!(check_losses(&[1.0, -300.0, 2e6, 2.0, 3.0], 1000.0), None);
        assert_eq!(check_losses(&[1.0, f32::NAN, 0.0, 2.0, 3.0], 0.1), Some(Collapse::NotANumber("d_fake")));
        assert_eq!(
            check_losses(&[1.0, 0.0, 2e6, 2.0, 3.0], 1.0),
            Some(Collapse::Exploded("gradient_penalty", 2e6))
        );
    }

    #[test]
    fn only_flat_samples_of_a_picture_with_contrast_are_flat() -> Result<()> {
        let ramp = |scale: f32| {
            Tensor::from_vec((0..48).map(|i| scale * i as f32).collect(), (1, 4, 4, 3), &Device::Cpu)
        };
        let (real, black) = (ramp(0.02)?, ramp(0.0)?);
        assert_eq!(check_samples(&real, std::slice::from_ref(&black))?, Some(Collapse::Flat(0.0)));
        assert_eq!(check_samples(&real, &[black.clone(), ramp(0.01)?])?, None);
        assert_eq!(check_samples(&black, std::slice::from_ref(&black))?, None);
        Ok(())
    }
}
