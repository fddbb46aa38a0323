//! Some rows of a resize.

use super::{Plane, Taps, Target, resolve};
use crate::{Error, Size};
use ndarray::{Array3, ArrayView3};
use std::borrow::Cow;
use std::ops::Range;

/// Some rows of [`super::imresize`], for pictures that are too large to be resized at once.
#[derive(Debug)]
pub struct RowsOf {
    size: Size,
    down: Option<Taps>,
    across: Option<Taps>,
}

impl RowsOf {
    /// Of a picture of this size.
    ///
    /// # Errors
    /// As [`super::imresize`], and [`Error::Resize`] where the columns shrink more than the rows: they would be resized first.
    pub fn new(from: Size, target: Target) -> Result<Self, Error> {
        let (size, scales) = resolve(from, target)?;
        if scales.0 > scales.1 {
            return Err(Error::Resize { from, target });
        }
        let down = ((scales.0, size.0) != (1.0, from.0)).then(|| Taps::new(from.0, size.0, scales.0));
        let across = ((scales.1, size.1) != (1.0, from.1)).then(|| Taps::new(from.1, size.1, scales.1));
        Ok(Self { size, down, across })
    }

    /// Height and width of the whole result.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The rows of the picture that the rows `rows` of the result depend on.
    pub fn source(&self, rows: Range<usize>) -> Range<usize> {
        let Some(down) = &self.down else { return rows };
        let positions = || rows.clone().flat_map(|row| down.of(row)).map(|(position, _)| *position);
        positions().min().unwrap_or(0)..positions().max().map_or(0, |last| last + 1)
    }

    /// The rows `rows` of the result, with the same bits, from the rows [`RowsOf::source`] of the picture.
    pub fn resize(&self, source: ArrayView3<'_, f32>, rows: Range<usize>) -> Array3<f32> {
        let (height, width, channels) = source.dim();
        let first = self.source(rows.clone()).start;
        let input = source.as_standard_layout();
        let columns = width * channels;
        let values = input.as_slice().map_or_else(|| input.iter().copied().collect(), Cow::Borrowed);
        let source = Plane { rows: height, columns, values };
        let down = self.down.as_ref().map(|down| down.part(rows.clone(), first));
        let mixed = match (&down, &self.across) {
            (None, None) => return input.into_owned(),
            (Some(down), None) => down.mix_rows(&source),
            (None, Some(across)) => across.mix_columns(&source, channels),
            (Some(down), Some(across)) => across.mix_columns(&down.mix_rows(&source), channels),
        };
        Array3::from_shape_fn((rows.len(), self.size.1, channels), |(y, x, c)| {
            mixed.values[y * mixed.columns + x * channels + c] as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imresize;

    #[test]
    fn rows_are_those_of_the_whole_bit_by_bit() -> Result<(), Error> {
        let picture = Array3::from_shape_fn((23, 17, 3), |(y, x, c)| ((y * 31 + x * 17 + c * 7) % 23) as f32);
        for target in [Target::Scale(1.26), Target::Scale(0.4), Target::Size((23, 40)), Target::Size((9, 17))]
        {
            let whole = imresize(picture.view(), target)?;
            let of = RowsOf::new((23, 17), target)?;
            assert_eq!(of.size(), (whole.dim().0, whole.dim().1));
            for rows in [0..1, 0..of.size().0, 3..7, of.size().0 - 2..of.size().0] {
                let source = of.source(rows.clone());
                let part = of.resize(picture.slice(ndarray::s![source, .., ..]), rows.clone());
                assert_eq!(part, whole.slice(ndarray::s![rows, .., ..]), "{target:?}");
            }
        }
        Ok(())
    }
}
