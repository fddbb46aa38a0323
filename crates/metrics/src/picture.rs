//! The internal form of pictures. Every picture is first converted to RGB: gray counts as three equal
//! channels, and alpha is ignored.

use ndarray::{Array3, ArrayView3};

use crate::Error;

/// How far outside [-1, 1] a value may lie, to allow for rounding.
const SLACK: f32 = 1e-3;

/// Converts bytes (0 to 255) to values in [-1, 1], from which all figures are computed: `x / 255 * 2 - 1`.
/// The shape HxWxC is kept.
pub fn from_u8(picture: ArrayView3<'_, u8>) -> Array3<f32> {
    picture.mapv(|byte| f32::from(byte) / 255.0 * 2.0 - 1.0)
}

/// An RGB picture: `height * width * 3` values, row by row, with the channels of a pixel next to each other.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) data: Vec<f32>,
}

impl Picture {
    /// Checks a HxWxC view and converts it to RGB.
    pub(crate) fn new(view: ArrayView3<'_, f32>) -> Result<Self, Error> {
        let (height, width, channels) = view.dim();
        if !(1..=16).contains(&channels) {
            return Err(Error::Channels { channels });
        }
        if height == 0 || width == 0 {
            return Err(Error::Empty { height, width });
        }
        if height.checked_mul(width).is_none_or(|pixels| pixels >= u32::MAX as usize) {
            return Err(Error::TooLarge { height, width });
        }
        let sources = if channels < 3 { [0, 0, 0] } else { [0, 1, 2] };
        let mut data = Vec::with_capacity(height * width * 3);
        for row in 0..height {
            for column in 0..width {
                for channel in sources {
                    let value = view[[row, column, channel]];
                    if !(-1.0 - SLACK..=1.0 + SLACK).contains(&value) {
                        return Err(Error::Value { row, column, channel, value });
                    }
                    data.push(value);
                }
            }
        }
        Ok(Self { height, width, data })
    }

    /// Height and width.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// The picture at half the size: each pixel is the mean of 2x2 pixels. An odd last row or column is
    /// cropped. `None` if the result would have no pixels.
    pub(crate) fn half(&self) -> Option<Self> {
        let (height, width) = (self.height / 2, self.width / 2);
        if height == 0 || width == 0 {
            return None;
        }
        let mut data = Vec::with_capacity(height * width * 3);
        for row in 0..height {
            let (upper, lower) = (self.row(2 * row), self.row(2 * row + 1));
            for column in 0..width {
                for left in (0..3).map(|channel| 6 * column + channel) {
                    data.push((upper[left] + upper[left + 3] + lower[left] + lower[left + 3]) * 0.25);
                }
            }
        }
        Some(Self { height, width, data })
    }

    /// The picture mirrored left to right.
    pub(crate) fn mirrored(&self) -> Self {
        let pixels = (0..self.height).flat_map(|row| self.row(row).chunks_exact(3).rev().flatten());
        Self { height: self.height, width: self.width, data: pixels.copied().collect() }
    }

    /// The mean of the three channels of each pixel, `height * width` values.
    pub(crate) fn channel_means(&self) -> impl Iterator<Item = f64> + '_ {
        self.data.chunks_exact(3).map(|p| (f64::from(p[0]) + f64::from(p[1]) + f64::from(p[2])) / 3.0)
    }

    /// One row of pixels, `width * 3` values.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.width * 3..(row + 1) * self.width * 3]
    }
}
