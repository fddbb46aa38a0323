//! Fine detail of the strength that the picture's own octaves foretell.
//!
//! A generator that is applied more often than it was trained for loses or gains strength on the way. How strong the detail of
//! a finer octave is can be read off the given picture: from octave to octave it changes by much the same factor.

use super::resample::{ROUNDS, back_project, enlarge, reduce, size_of};
use crate::Result;
use ndarray::{Array3, ArrayView3};

/// Octaves of the given picture that are looked at.
const OCTAVES: usize = 2;

/// `high`, with what it has beyond `low` (by `factor` smaller) as strong as the octaves of `low` foretell.
pub(crate) fn matched(high: Array3<f32>, low: ArrayView3<'_, f32>, factor: f64) -> Result<Array3<f32>> {
    let size = size_of(&high.view());
    let plain = back_project(enlarge(low, factor, size)?, low, factor, ROUNDS)?;
    let detail = &high - &plain;
    let gain = (foretold(low, factor)? / energy(&detail).max(f64::MIN_POSITIVE)).sqrt();
    if std::env::var("TRACE").is_ok() {
        eprintln!("gain {gain:.3}, foretold {:.6}, made {:.6}", foretold(low, factor)?, energy(&detail));
    }
    let high = (plain + detail * gain.clamp(0.5, 3.0) as f32).mapv_into(|v| v.clamp(-1.0, 1.0));
    back_project(high, low, factor, ROUNDS)
}

/// Energy, a pixel, of the octaves between `low` and what is larger by `factor`.
pub(crate) fn foretold(low: ArrayView3<'_, f32>, factor: f64) -> Result<f64> {
    let mut octaves = Vec::new();
    let mut picture = low.to_owned();
    for _ in 0..OCTAVES {
        let (h, w) = size_of(&picture.view());
        if h.min(w) < 8 {
            break;
        }
        let half = reduce(picture.view(), 2.0, (h.div_ceil(2), w.div_ceil(2)))?;
        let plain = back_project(enlarge(half.view(), 2.0, (h, w))?, half.view(), 2.0, ROUNDS)?;
        octaves.push(energy(&(&picture - &plain)));
        picture = half;
    }
    let (finest, ratio) = match octaves[..] {
        [] => return Ok(0.0),
        [finest] => (finest, 0.5),
        [finest, coarser, ..] => (finest, (finest / coarser.max(f64::MIN_POSITIVE)).clamp(0.25, 1.0)),
    };
    let wanted = factor.log2();
    let mut sum = 0.0;
    for octave in 1..=wanted.ceil() as i32 {
        let share = (wanted - f64::from(octave - 1)).min(1.0);
        sum += share * finest * ratio.powi(octave);
    }
    Ok(sum)
}

pub(crate) fn energy(detail: &Array3<f32>) -> f64 {
    detail.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / detail.len() as f64
}
