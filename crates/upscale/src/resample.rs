//! Enlarging, reducing, and the back-projection that holds an enlargement to the picture it came from.

use crate::Result;
use ndarray::{Array3, ArrayView3};
use pyramid::{Picture, Size, Target, imresize};

/// Rounds of [`back_project`] that are enough: what is left of the difference lies in frequencies that the reduction
/// hardly lets through.
pub(crate) const ROUNDS: usize = 12;

/// Height and width of a picture of `size` enlarged by `factor`: `ceil(side * factor)`, as `imresize` has it.
pub(crate) fn enlarged_size((h, w): Size, factor: f64) -> Size {
    let side = |n: usize| (n as f64 * factor).ceil() as usize;
    (side(h), side(w))
}

/// `pixels` (height x width x channels) enlarged by `factor` to `size`, which is what `imresize` gives by itself but for a
/// row and a column at the lower right border.
pub(crate) fn enlarge(pixels: ArrayView3<'_, f32>, factor: f64, size: Size) -> Result<Array3<f32>> {
    Ok(fitted(imresize(pixels, Target::Scale(factor))?, size))
}

/// Reduces `pixels` by `factor` to `size`, the inverse of enlarging. Both agree where a pixel lies: they
/// share the upper left corner.
pub(crate) fn reduce(pixels: ArrayView3<'_, f32>, factor: f64, size: Size) -> Result<Array3<f32>> {
    Ok(fitted(imresize(pixels, Target::Scale(1.0 / factor))?, size))
}

/// Rounded to 8 bits, as a file would hold it.
pub(crate) fn rounded(pixels: Array3<f32>) -> Result<Array3<f32>> {
    Ok(Picture::from_u8(Picture::from_pixels(pixels)?.to_u8().view())?.into_pixels())
}

/// Moves `high` towards what reduces to `low`: `high += enlarge(low - reduce(high))`, `rounds` times, clamped to [-1, 1].
///
/// The cubic reduction's transpose is the cubic enlargement but for a factor, so that this goes to the nearest picture
/// that reduces to `low`. The true picture is among those: its distance can only shrink (Irani and Peleg, "Improving
/// resolution by image registration", 1991).
pub(crate) fn back_project(
    mut high: Array3<f32>,
    low: ArrayView3<'_, f32>,
    factor: f64,
    rounds: usize,
) -> Result<Array3<f32>> {
    let (low_size, size) = (size_of(&low), size_of(&high.view()));
    for _ in 0..rounds {
        let error = &low - &reduce(high.view(), factor, low_size)?;
        high += &enlarge(error.view(), factor, size)?;
        high.mapv_inplace(|v| v.clamp(-1.0, 1.0));
    }
    Ok(high)
}

/// Height and width.
pub(crate) fn size_of(pixels: &ArrayView3<'_, f32>) -> Size {
    let (h, w, _) = pixels.dim();
    (h, w)
}

/// The largest factor between steps that is at most 2 and whose power is `factor`, and how often it is taken.
pub(crate) fn steps(factor: f64) -> (f64, usize) {
    let count = (factor.log2() - 1e-9).ceil().max(1.0);
    (factor.powf(1.0 / count), count as usize)
}

/// Cropped at the lower right, or the last row or column repeated, which rounding can ask for.
pub(crate) fn fitted(pixels: Array3<f32>, (h, w): Size) -> Array3<f32> {
    let (rows, columns, channels) = pixels.dim();
    if (rows, columns) == (h, w) {
        return pixels;
    }
    let value = |(y, x, c): (usize, usize, usize)| pixels[[y.min(rows - 1), x.min(columns - 1), c]];
    Array3::from_shape_fn((h, w, channels), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(h: usize, w: usize) -> Array3<f32> {
        let value = |(y, x, c): (usize, usize, usize)| {
            let grain = ((y * 7919 + x * 104_729 + c * 31) % 97) as f32 / 97.0 - 0.5;
            0.6 * ((y as f32 * 0.31).sin() * (x as f32 * 0.23 + c as f32).cos()) + 0.5 * grain
        };
        Array3::from_shape_fn((h, w, 3), value)
    }

    fn distance(a: &Array3<f32>, b: &Array3<f32>) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn back_projection_comes_nearer_to_the_truth_with_every_round() -> Result<()> {
        for (factor, size) in [(2.0, (40, 52)), (3.0, (45, 60)), (1.5, (45, 60)), (4.0, (47, 61))] {
            let truth = picture(size.0, size.1);
            let side = |n: usize| (n as f64 / factor).ceil() as usize;
            let low = reduce(truth.view(), factor, (side(size.0), side(size.1)))?;
            let mut high = enlarge(low.view(), factor, size)?;
            let start = distance(&high, &truth);
            for round in 0..ROUNDS {
                let next = back_project(high.clone(), low.view(), factor, 1)?;
                let (before, after) = (distance(&high, &truth), distance(&next, &truth));
                assert!(after <= before * 1.0001, "x{factor}, round {round}: {after} after {before}");
                high = next;
            }
            assert!(distance(&high, &truth) < start, "x{factor}");
            let left = distance(&reduce(high.view(), factor, size_of(&low.view()))?, &low);
            assert!(left < 0.05 * distance(&low, &Array3::zeros(low.dim())), "x{factor}: {left}");
        }
        Ok(())
    }

    #[test]
    fn sizes_are_rounded_up_and_steps_stay_at_two() {
        assert_eq!(enlarged_size((101, 7), 1.5), (152, 11));
        assert_eq!(enlarged_size((30, 40), 4.0), (120, 160));
        for (factor, count) in [(1.01, 1), (2.0, 1), (2.01, 2), (3.0, 2), (4.0, 2), (8.0, 3), (32.0, 5)] {
            let (step, found) = steps(factor);
            assert_eq!(found, count as usize, "{factor}");
            assert!(step <= 2.0 + 1e-9 && (step.powi(count) - factor).abs() < 1e-9, "{factor}: {step}");
        }
    }

    #[test]
    fn what_rounding_leaves_out_is_repeated() {
        let x = picture(3, 4);
        let wide = fitted(x.clone(), (4, 4));
        assert_eq!(wide.dim(), (4, 4, 3));
        assert_eq!(wide[[3, 2, 1]], x[[2, 2, 1]]);
        assert_eq!(fitted(x.clone(), (2, 3))[[1, 2, 0]], x[[1, 2, 0]]);
    }
}
