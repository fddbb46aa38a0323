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

/// The other way: `pixels` reduced by `factor` to `size`. Both agree where a pixel lies: they share the upper left corner.
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
fn fitted(pixels: Array3<f32>, (h, w): Size) -> Array3<f32> {
    let (rows, columns, channels) = pixels.dim();
    if (rows, columns) == (h, w) {
        return pixels;
    }
    let value = |(y, x, c): (usize, usize, usize)| pixels[[y.min(rows - 1), x.min(columns - 1), c]];
    Array3::from_shape_fn((h, w, channels), value)
}
