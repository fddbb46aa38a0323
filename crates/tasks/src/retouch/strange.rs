//! Finds the places of a picture whose patches the training picture does not have.

use crate::Result;
use imageproc::filter::gaussian_blur_f32;
use metrics::{PATCH, match_patches};
use ndarray::{Array2, Array3, s};

/// Distances below the first share of the largest (the 95th percentile) count as nothing, from the second on
/// as all: parts that were moved are not quite the picture's once they have been resized.
const RAMP: (f32, f32) = (0.3, 0.6);

/// 0 where all patches of `picture` come close to one of `real`'s (two pictures of about one size), as in
/// parts that were only moved; 1 where they do not, as across the borders of such parts, by half a patch
/// around. All 1 in pictures smaller than a patch.
pub(crate) fn strangeness(
    picture: &Array3<f32>,
    real: &Array3<f32>,
    mask: &Array2<f32>,
) -> Result<Array2<f32>> {
    let (h, w, _) = picture.dim();
    let Some(matches) = match_patches(picture.view(), real.view(), &metrics::Options::default())? else {
        return Ok(Array2::ones((h, w)));
    };
    let columns = matches.sample.columns;
    let half = PATCH / 2;
    let distance = |y: usize, x: usize| {
        let row = y.saturating_sub(half).min(matches.sample.rows - 1);
        matches.distance[row * columns + x.saturating_sub(half).min(columns - 1)].sqrt()
    };
    let distances = Array2::from_shape_fn((h, w), |(y, x)| distance(y, x));
    let mut within: Vec<f32> =
        distances.iter().zip(mask).filter(|(_, m)| **m > 0.5).map(|(d, _)| *d).collect();
    within.sort_by(f32::total_cmp);
    let largest = within.get(within.len() * 95 / 100).copied().unwrap_or(0.0).max(1e-6);
    let strange = distances.mapv(|d| ((d / largest - RAMP.0) / (RAMP.1 - RAMP.0)).clamp(0.0, 1.0));
    // A patch is strange as a whole.
    let spread = Array2::from_shape_fn((h, w), |(y, x)| {
        let (top, left) = (y.saturating_sub(half), x.saturating_sub(half));
        let around = strange.slice(s![top..(y + half + 1).min(h), left..(x + half + 1).min(w)]);
        around.iter().copied().fold(0.0, f32::max)
    });
    Ok(super::mask::to_array(&gaussian_blur_f32(&super::mask::to_image(&spread), 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_of_a_moved_part_are_strange_and_its_inside_is_not() -> Result<()> {
        let value = |y: usize, x: usize| ((y * y * 3 + x * x * 7 + x * y) % 97) as f32 / 60.0 - 0.8;
        let real = Array3::from_shape_fn((60, 60, 1), |(y, x, _)| value(y, x));
        let mut moved = real.clone();
        moved.slice_mut(s![30..56, 30..56, ..]).assign(&real.slice(s![2..28, 9..35, ..]));
        let mut mask = Array2::zeros((60, 60));
        mask.slice_mut(s![30..56, 30..56]).fill(1.0);
        let found = strangeness(&moved, &real, &mask)?;
        assert!(found[[43, 43]] < 0.01 && found[[10, 10]] < 0.01, "{} {}", found[[43, 43]], found[[10, 10]]);
        assert!(found[[43, 30]] > 0.9 && found[[30, 43]] > 0.9);
        Ok(())
    }
}
