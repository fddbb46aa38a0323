//! Gives fine detail the strength that the picture's own octaves predict.
//!
//! A generator that is applied more often than it was trained for loses or gains strength on the way. How strong the detail of
//! a finer octave is can be read off the given picture: from octave to octave it changes by much the same factor.

use crate::Result;
use crate::resample::{ROUNDS, back_project, enlarge, reduce, size_of};
use crate::trust::energy;
use ndarray::{Array3, ArrayView3};

/// Octaves of the given picture that are used for the prediction.
const OCTAVES: usize = 2;

/// `high`, with what it has beyond `low` (by `factor` smaller) as strong as the octaves of `low` foretell.
pub(crate) fn matched(high: Array3<f32>, low: ArrayView3<'_, f32>, factor: f64) -> Result<Array3<f32>> {
    let size = size_of(&high.view());
    let plain = back_project(enlarge(low, factor, size)?, low, factor, ROUNDS)?;
    let detail = &high - &plain;
    let gain = (foretold(low, factor)? / energy(&detail).max(f64::MIN_POSITIVE)).sqrt();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Detail of the same strength in every octave, as grain has it that is enlarged and added to finer grain.
    #[test]
    fn detail_gets_the_strength_that_octaves_foretell() -> Result<()> {
        let grain = |(y, x, c): (usize, usize, usize)| {
            let hash =
                (y as u32).wrapping_mul(0x9E37_79B1) ^ (x as u32 + 7 * c as u32).wrapping_mul(0x85EB_CA6B);
            (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D) as f32 / u32::MAX as f32 - 0.5
        };
        let low = Array3::from_shape_fn((32, 40, 1), grain);
        let wanted = foretold(low.view(), 2.0)?;
        assert!(wanted > 0.0);
        let plain = back_project(enlarge(low.view(), 2.0, (64, 80))?, low.view(), 2.0, ROUNDS)?;
        let fine = Array3::from_shape_fn((64, 80, 1), |(y, x, c)| 0.6 * grain((y + 3, x + 5, c + 1)));
        let high = matched(&plain + &fine, low.view(), 2.0)?;
        let found = energy(&(&high - &plain));
        // The clamp and the last back-projection take a little off.
        assert!((0.5 * wanted..1.2 * wanted).contains(&found), "{found}, {wanted}");
        Ok(())
    }

    #[test]
    fn no_detail_is_made_of_nothing() -> Result<()> {
        let low = Array3::from_elem((16, 16, 3), 0.25);
        let high = matched(Array3::from_elem((64, 64, 3), 0.25), low.view(), 4.0)?;
        assert!(high.iter().all(|v| (v - 0.25).abs() < 1e-4));
        Ok(())
    }
}
