//! Estimates how much of a network's residual can be trusted.
//!
//! A network that has learned from a picture's reductions is used one step above them, where it has seen nothing. Mostly that
//! goes well. Where it does not (a pattern that the reductions could not show, grain learned by heart), adding its residual is
//! worse than nothing. Two tests, neither of which needs the truth; whichever trusts more decides:
//!
//! - *One step below*: a network that was trained on the reduced picture is tried on the picture, as this one will be tried on
//!   the unknown. The test measures the share of its residual that was right, and how much right residual there can be.
//! - *In use*: what a residual adds must vanish when the enlargement is reduced again, or it contradicts the given picture. The
//!   share of its energy that does not vanish, and its energy, are compared with those on the pair it was trained on.

use crate::Result;
use crate::pairs::Pair;
use crate::resample::{reduce, size_of};
use ndarray::{Array3, ArrayView3};
use pyramid::Size;

/// Share of a wrong residual's energy that remains when it is reduced. Right ones have 0.006 to 0.03, wrong ones were seen from
/// 0.08 on.
const WRONG: f64 = 0.08;

/// Share of the margin over bicubic that an untried residual may cost.
const STAKE: f64 = 0.5;

/// A residual's energy, a pixel, and the share of it that remains when it is reduced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) energy: f64,
    pub(crate) remains: f64,
}

/// The results of the two tests in training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trust {
    /// One step below: the factor on the residual that was best there, and the energy that was right.
    pub(crate) below: (f64, f64),
    /// Where it was trained.
    pub(crate) trained: Seen,
}

impl Trust {
    /// The factor, 0 to 1, on a residual in use.
    ///
    /// `margin` is what the back-projection alone has won over bicubic (the energy, a pixel, of what it changed: it goes straight
    /// to the nearest picture that agrees with the given one, so that by Pythagoras the squared error fell by that much). What
    /// was not tried below may stake some of it and no more: even if all of the residual were wrong, the result would not be worse
    /// than bicubic.
    pub(crate) fn strength(&self, used: Seen, margin: f64) -> f64 {
        let (factor, right) = self.below;
        let below = factor.min(right / used.energy.max(f64::MIN_POSITIVE));
        let Seen { energy, remains } = self.trained;
        let room = (WRONG - remains).max(f64::MIN_POSITIVE);
        let in_use = (1.0 - (used.remains - remains).max(0.0) / room)
            * (energy / used.energy.max(f64::MIN_POSITIVE)).min(1.0);
        let stake = (STAKE * margin / used.energy.max(f64::MIN_POSITIVE)).sqrt();
        below.max(in_use.min(stake)).clamp(0.0, 1.0)
    }
}

/// Looks at a residual of a picture that was enlarged by `factor` from `low`.
pub(crate) fn seen(residual: ArrayView3<'_, f32>, factor: f64, low: Size) -> Result<Seen> {
    let below = reduce(residual, factor, low)?;
    let energy = mean(residual.iter().map(|&v| f64::from(v) * f64::from(v)));
    let left = self::energy(&below);
    Ok(Seen { energy, remains: if energy > 0.0 { left / energy } else { 0.0 } })
}

/// The factor that makes `residual` nearest to what `pair` misses, and the energy of what is right in it; zeros where nothing is.
pub(crate) fn tried(residual: &Array3<f32>, pair: &Pair) -> (f64, f64) {
    debug_assert_eq!(size_of(&residual.view()), size_of(&pair.truth.view()));
    let missing = &pair.truth - &pair.enlarged;
    let right = mean(residual.iter().zip(&missing).map(|(&r, &m)| f64::from(r) * f64::from(m))).max(0.0);
    let energy = energy(residual);
    if energy > 0.0 { (right / energy, right) } else { (0.0, 0.0) }
}

/// The mean square.
pub(crate) fn energy(values: &Array3<f32>) -> f64 {
    mean(values.iter().map(|&v| f64::from(v) * f64::from(v)))
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    values.sum::<f64>() / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAINED: Seen = Seen { energy: 0.005, remains: 0.008 };

    #[test]
    fn a_residual_like_the_trained_one_is_taken_whole() {
        let trust = Trust { below: (0.0, 0.0), trained: TRAINED };
        assert_eq!(trust.strength(TRAINED, 0.1), 1.0);
        assert!(trust.strength(Seen { energy: 0.003, remains: 0.010 }, 0.1) > 0.9);
    }

    #[test]
    fn one_that_contradicts_the_picture_or_is_too_strong_is_not() {
        let trust = Trust { below: (0.0, 0.0), trained: TRAINED };
        assert_eq!(trust.strength(Seen { energy: 0.005, remains: 0.09 }, 0.1), 0.0);
        assert!(trust.strength(Seen { energy: 0.05, remains: 0.008 }, 1.0) < 0.11);
        let below = Trust { below: (0.9, 0.004), ..trust };
        assert_eq!(below.strength(Seen { energy: 0.002, remains: 0.2 }, 0.0), 0.9);
        assert!(below.strength(Seen { energy: 0.04, remains: 0.2 }, 0.0) < 0.11);
    }

    #[test]
    fn no_more_is_staked_than_was_won() {
        let trust = Trust { below: (0.0, 0.0), trained: TRAINED };
        let strength = trust.strength(TRAINED, 0.002);
        assert!(
            strength > 0.4 && strength * strength * TRAINED.energy <= 0.002 * STAKE * 1.000_001,
            "{strength}"
        );
    }

    #[test]
    fn nothing_is_nothing() {
        let none = Seen { energy: 0.0, remains: 0.0 };
        let trust = Trust { below: (0.0, 0.0), trained: none };
        assert!(trust.strength(none, 0.0).is_finite());
    }
}
