//! Parts of a picture copied elsewhere in it.

use crate::draws::Draws;
use ndarray::{Array3, s};

/// Sides of the tiles relative to the picture's, by how many tiles there are.
const SIDES: [(f64, f64); 5] = [(0.2, 0.5), (0.15, 0.3), (0.1, 0.2), (0.1, 0.15), (0.1, 0.15)];

/// How far a tile is moved along each axis, relative to the picture's sides: one alone, and several.
const SHIFT: [(f64, f64); 2] = [(0.05, 0.15), (0.05, 0.1)];

/// Copies one to five tiles of a picture (height x width x channels) elsewhere in it, each from the picture as it was: both axes
/// in the same direction, and no further than the border.
pub(crate) fn move_tiles(pixels: &mut Array3<f32>, draws: &mut Draws) {
    let (h, w, _) = pixels.dim();
    let original = pixels.clone();
    let count = draws.whole(1, 5);
    let ((least, most), shift) = (SIDES[count - 1], SHIFT[usize::from(count > 1)]);
    for _ in 0..count {
        let forward = draws.chance(0.5);
        let mut axis = |n: usize| {
            let side = ((draws.between(least, most) * n as f64).round() as usize).clamp(1, n);
            let from = draws.whole(0, n - side);
            let by = ((draws.between(shift.0, shift.1) * n as f64).round() as usize).max(1);
            let to = if forward { (from + by).min(n - side) } else { from.saturating_sub(by) };
            (side, from, to)
        };
        let ((height, y, to_y), (width, x, to_x)) = (axis(h), axis(w));
        let tile = original.slice(s![y..y + height, x..x + width, ..]);
        pixels.slice_mut(s![to_y..to_y + height, to_x..to_x + width, ..]).assign(&tile);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use train::Moment;

    #[test]
    fn every_pixel_is_one_of_the_picture_from_the_same_direction() {
        let (h, w) = (50, 70);
        let picture = Array3::from_shape_fn((h, w, 2), |(y, x, c)| if c == 0 { y as f32 } else { x as f32 });
        let mut most: usize = 0;
        for iteration in 0..200 {
            let moment = Moment::training(1, 0, iteration);
            let mut pixels = picture.clone();
            move_tiles(&mut pixels, &mut Draws::new(moment, 0));
            let mut moved = 0;
            for y in 0..h {
                for x in 0..w {
                    let by = (y as f32 - pixels[[y, x, 0]], x as f32 - pixels[[y, x, 1]]);
                    assert!(by.0 * by.1 >= 0.0, "both axes in one direction, not {by:?}");
                    assert!(by.0.abs() <= 0.15 * h as f32 + 1.0 && by.1.abs() <= 0.15 * w as f32 + 1.0);
                    moved += usize::from(by != (0.0, 0.0));
                }
            }
            assert!(moved * 100 < 26 * h * w, "{moved} pixels moved");
            most = most.max(moved);
        }
        assert!(most * 100 > 10 * h * w, "at most {most} pixels moved");
    }
}
