//! The MATLAB-style cubic resize. It is separable, antialiased along each axis that shrinks, and mirrors the
//! borders.
//!
//! Every output row is a weighted sum of a few input rows, and likewise for columns. The weights are those of MATLAB's
//! `imresize(..., 'bicubic')` (Keys' kernel with a = -1/2, widened by 1/scale when shrinking), in `f64` throughout.

mod rows;

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{Array3, ArrayView3};

use crate::{Error, MAX_PIXELS, Size};
pub use rows::RowsOf;

/// The size or factor to resize to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Resize both axes by this factor: a side of n pixels becomes `ceil(n * scale)` pixels.
    Scale(f64),
    /// Resize to this height and width in pixels; each axis has its own factor.
    Size(Size),
    /// Resize by these factors for height and width and keep this many pixels from the top left corner. What the
    /// size needs beyond the picture's end is mirrored. A size that was rounded up, as that of a training picture, is made
    /// with the factor that it was rounded from.
    Factors {
        /// The height and width of the result in pixels.
        size: Size,
        /// The factor of each axis.
        scales: (f64, f64),
    },
}

/// The smallest factor accepted, with which each output pixel depends on about 260,000 input pixels per axis.
const MIN_SCALE: f64 = 1.0 / 65536.0;

/// Resizes an array of height x width x channels. It may have any range of values and any number of channels;
/// the result is neither rounded nor clamped.
///
/// The axis that shrinks more is resized first, the rows if both shrink equally. An axis whose factor is
/// exactly 1 is not changed.
///
/// # Errors
/// [`Error::Resize`] if there is no pixel on either end, the scale is not a finite number of at least
/// 1/65536, or the result would have more than [`MAX_PIXELS`].
pub fn imresize(pixels: ArrayView3<'_, f32>, target: Target) -> Result<Array3<f32>, Error> {
    let (height, width, channels) = pixels.dim();
    let (size, scales) = resolve((height, width), target)?;
    if channels == 0 {
        return Ok(Array3::zeros((size.0, size.1, 0)));
    }
    let input = pixels.as_standard_layout();
    let columns = width * channels;
    let source = Plane {
        rows: height,
        columns,
        values: input.as_slice().map_or_else(|| input.iter().copied().collect(), Cow::Borrowed),
    };
    let down = ((scales.0, size.0) != (1.0, height)).then(|| Taps::new(height, size.0, scales.0));
    let across = ((scales.1, size.1) != (1.0, width)).then(|| Taps::new(width, size.1, scales.1));
    let mixed = match (down, across) {
        (None, None) => return Ok(input.into_owned()),
        (Some(down), None) => down.mix_rows(&source),
        (None, Some(across)) => across.mix_columns(&source, channels),
        (Some(down), Some(across)) if scales.0 <= scales.1 => {
            across.mix_columns(&down.mix_rows(&source), channels)
        }
        (Some(down), Some(across)) => down.mix_rows(&across.mix_columns(&source, channels)),
    };
    Ok(Array3::from_shape_fn((size.0, size.1, channels), |(y, x, c)| {
        mixed.values[y * mixed.columns + x * channels + c] as f32
    }))
}

/// The output size and the factor of each axis.
fn resolve(from: Size, target: Target) -> Result<(Size, (f64, f64)), Error> {
    let refuse = || Err(Error::Resize { from, target });
    if from.0 == 0 || from.1 == 0 {
        return refuse();
    }
    let (size, scales) = match target {
        Target::Scale(scale) => {
            if !scale.is_finite() || scale < MIN_SCALE {
                return refuse();
            }
            let side = |n: usize| (n as f64 * scale).ceil() as usize;
            ((side(from.0), side(from.1)), (scale, scale))
        }
        Target::Size(size) => (size, (size.0 as f64 / from.0 as f64, size.1 as f64 / from.1 as f64)),
        Target::Factors { size, scales } => {
            let usable = |scale: f64| scale.is_finite() && scale >= MIN_SCALE;
            if !usable(scales.0) || !usable(scales.1) {
                return refuse();
            }
            (size, scales)
        }
    };
    let pixels = size.0.checked_mul(size.1);
    if pixels.is_none_or(|n| n == 0 || n > MAX_PIXELS) {
        return refuse();
    }
    Ok((size, scales))
}

/// A row-major matrix of pixels; the channels of a pixel lie next to each other in a row. Values are `f32` in
/// the input picture and `f64` in every result.
struct Plane<'a, T: Copy> {
    rows: usize,
    columns: usize,
    values: Cow<'a, [T]>,
}

/// The input positions and weights that contribute to each output position along one axis.
#[derive(Debug)]
struct Taps {
    /// The taps of output i are `taps[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    /// Input positions with their weights.
    taps: Vec<(usize, f64)>,
}

impl Taps {
    /// The taps that resize an axis from `n_in` to `n_out` pixels by the factor `scale`.
    fn new(n_in: usize, n_out: usize, scale: f64) -> Self {
        // When shrinking, the kernel is stretched over all input pixels that make up one output pixel.
        let stretch = if scale < 1.0 { scale } else { 1.0 };
        let width = 4.0 / stretch;
        let count = width.ceil() as i64 + 2;
        let mut starts = Vec::with_capacity(n_out + 1);
        let (mut taps, mut row) = (Vec::new(), Vec::new());
        for i in 0..n_out {
            starts.push(taps.len());
            let centre = (i + 1) as f64 / scale + 0.5 * (1.0 - 1.0 / scale);
            let first = (centre - width / 2.0).floor() as i64 - 1;
            row.clear();
            for position in first..first + count {
                let weight = stretch * cubic(stretch * (centre - position as f64 - 1.0));
                if weight != 0.0 {
                    row.push((mirror(position, n_in), weight));
                }
            }
            let sum: f64 = row.iter().map(|(_, weight)| weight).sum();
            taps.extend(row.iter().map(|&(position, weight)| (position, weight / sum)));
        }
        starts.push(taps.len());
        Self { starts, taps }
    }

    /// The taps of some outputs, with input positions counted from `first`.
    fn part(&self, outputs: Range<usize>, first: usize) -> Self {
        let base = self.starts[outputs.start];
        let starts = self.starts[outputs.start..=outputs.end].iter().map(|start| start - base).collect();
        let taps = &self.taps[base..self.starts[outputs.end]];
        Self { starts, taps: taps.iter().map(|&(position, weight)| (position - first, weight)).collect() }
    }

    /// The taps of one output position.
    fn of(&self, output: usize) -> &[(usize, f64)] {
        &self.taps[self.starts[output]..self.starts[output + 1]]
    }

    /// Computes output rows from input rows. Whole rows are added up, which the compiler can vectorise.
    fn mix_rows<T: Copy + Into<f64>>(&self, input: &Plane<'_, T>) -> Plane<'static, f64> {
        let rows = self.starts.len() - 1;
        let mut values = vec![0.0; rows * input.columns];
        for (i, out) in values.chunks_exact_mut(input.columns).enumerate() {
            for &(row, weight) in self.of(i) {
                let source = &input.values[row * input.columns..][..input.columns];
                for (o, v) in out.iter_mut().zip(source) {
                    *o += weight * (*v).into();
                }
            }
        }
        Plane { rows, columns: input.columns, values: Cow::Owned(values) }
    }

    /// Computes output columns from input columns, row by row.
    fn mix_columns<T: Copy + Into<f64>>(&self, input: &Plane<'_, T>, channels: usize) -> Plane<'static, f64> {
        match channels {
            1 => self.mix_pixels::<T, 1>(input),
            2 => self.mix_pixels::<T, 2>(input),
            3 => self.mix_pixels::<T, 3>(input),
            4 => self.mix_pixels::<T, 4>(input),
            _ => self.mix_any(input, channels),
        }
    }

    /// Computes what [`Taps::mix_any`] computes, but is several times as fast because the number of channels
    /// is a constant.
    fn mix_pixels<T: Copy + Into<f64>, const C: usize>(&self, input: &Plane<'_, T>) -> Plane<'static, f64> {
        let columns = (self.starts.len() - 1) * C;
        let mut values = vec![0.0; input.rows * columns];
        let rows = input.values.chunks_exact(input.columns);
        for (source, out) in rows.zip(values.chunks_exact_mut(columns)) {
            let source = source.as_chunks::<C>().0;
            for (i, pixel) in out.as_chunks_mut::<C>().0.iter_mut().enumerate() {
                let mut sum = [0.0; C];
                for &(column, weight) in self.of(i) {
                    for (s, v) in sum.iter_mut().zip(&source[column]) {
                        *s += weight * (*v).into();
                    }
                }
                *pixel = sum;
            }
        }
        Plane { rows: input.rows, columns, values: Cow::Owned(values) }
    }

    /// Computes output columns from input columns for any number of channels.
    fn mix_any<T: Copy + Into<f64>>(&self, input: &Plane<'_, T>, channels: usize) -> Plane<'static, f64> {
        let columns = (self.starts.len() - 1) * channels;
        let mut values = vec![0.0; input.rows * columns];
        for (index, value) in values.iter_mut().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let source = &input.values[row * input.columns..][..input.columns];
            let taps = self.of(column / channels);
            *value =
                taps.iter().map(|(i, weight)| weight * source[i * channels + column % channels].into()).sum();
        }
        Plane { rows: input.rows, columns, values: Cow::Owned(values) }
    }
}

/// Keys' cubic kernel with a = -1/2. It is zero for distances of 2 and more.
fn cubic(x: f64) -> f64 {
    let a = x.abs();
    if a <= 1.0 {
        (1.5 * a - 2.5) * a * a + 1.0
    } else if a <= 2.0 {
        ((-0.5 * a + 2.5) * a - 4.0) * a + 2.0
    } else {
        0.0
    }
}

/// Maps any position into 0..n by mirroring at the borders, where the border pixel is repeated: ... 1 0 0 1 2
/// ...
fn mirror(position: i64, n: usize) -> usize {
    let folded = position.rem_euclid(2 * n as i64) as usize;
    if folded < n { folded } else { 2 * n - 1 - folded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_every_output_sum_to_one() {
        for (n_in, n_out, scale) in
            [(48, 15, 0.31), (48, 77, 1.6), (7, 3, 3.0 / 7.0), (3, 1, 0.01), (1, 5, 5.0)]
        {
            let taps = Taps::new(n_in, n_out, scale);
            for i in 0..n_out {
                let sum: f64 = taps.of(i).iter().map(|(_, w)| w).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{n_in} -> {n_out}, output {i}: {sum}");
                assert!(taps.of(i).iter().all(|(p, _)| *p < n_in));
            }
        }
    }

    #[test]
    fn borders_are_mirrored_with_the_edge_counted_twice() {
        let folded: Vec<_> = (-5..8).map(|p| mirror(p, 3)).collect();
        assert_eq!(folded, [1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
        assert_eq!(mirror(-9, 1), 0);
    }

    #[test]
    fn the_kernel_interpolates() {
        assert_eq!((cubic(0.0), cubic(1.0), cubic(-1.0), cubic(2.0), cubic(2.5)), (1.0, 0.0, 0.0, 0.0, 0.0));
        assert!((cubic(0.5) - 0.5625).abs() < 1e-15 && (cubic(1.5) + 0.0625).abs() < 1e-15);
    }

    #[test]
    fn more_than_four_channels_are_resized_like_single_ones() {
        let many = Array3::from_shape_fn((9, 11, 6), |(y, x, c)| ((y * 31 + x * 17 + c * 7) % 23) as f32);
        let got = imresize(many.view(), Target::Size((9, 5))).unwrap();
        for c in 0..6 {
            let one = many.slice(ndarray::s![.., .., c..c + 1]);
            assert_eq!(
                imresize(one, Target::Size((9, 5))).unwrap(),
                got.slice(ndarray::s![.., .., c..c + 1])
            );
        }
    }
}
