//! The picture type, which stores floats in [-1, 1], and its conversion to bytes and PNG files.

use std::path::Path;

use ndarray::{Array3, ArrayView3};

use crate::encode::FileFormat;
use crate::{Encoding, Error};

/// Height and width in pixels, in this order.
pub type Size = (usize, usize);

/// A picture of height x width x channels, `f32` in [-1, 1], row by row.
///
/// One channel means gray, two gray and alpha, three RGB, four RGBA, and more, up to 16, other bands. Alpha is not premultiplied: -1 is
/// transparent, 1 is opaque. The constructors ensure that there is at least one pixel and that all values are
/// within the range.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pixels: Array3<f32>,
}

impl Picture {
    /// A picture from an array of height x width x channels. Values outside [-1, 1] are clamped.
    ///
    /// # Errors
    /// [`Error::Shape`] without a pixel or with other than 1 to 16 channels, [`Error::Samples`] if a value is
    /// NaN.
    pub fn from_pixels(pixels: Array3<f32>) -> Result<Self, Error> {
        check_shape(pixels.dim())?;
        if pixels.iter().any(|v| v.is_nan()) {
            return Err(Error::Samples {
                name: "the picture".into(),
                found: "that are NaN".into(),
                expected: "[-1, 1]",
            });
        }
        let mut pixels =
            if pixels.is_standard_layout() { pixels } else { pixels.as_standard_layout().into_owned() };
        pixels.mapv_inplace(|v| v.clamp(-1.0, 1.0));
        Ok(Self { pixels })
    }

    /// A picture from an array of bytes, height x width x channels: 0 becomes -1, 255 becomes 1.
    ///
    /// # Errors
    /// [`Error::Shape`] without a pixel or with other than 1 to 16 channels.
    pub fn from_u8(pixels: ArrayView3<'_, u8>) -> Result<Self, Error> {
        check_shape(pixels.dim())?;
        Ok(Self { pixels: pixels.as_standard_layout().mapv(|v| from_unit(f64::from(v) / 255.0)) })
    }

    /// A picture from pixels that are known to be valid; nothing is checked.
    pub(crate) fn trusted(pixels: Array3<f32>) -> Self {
        Self { pixels }
    }

    /// A picture from an array of channels x height x width, the order that networks use. Values outside [-1,
    /// 1] are clamped.
    ///
    /// # Errors
    /// As [`Picture::from_pixels`].
    pub fn from_planar(planes: ArrayView3<'_, f32>) -> Result<Self, Error> {
        Self::from_pixels(planes.permuted_axes([1, 2, 0]).as_standard_layout().into_owned())
    }

    /// Height and width in pixels.
    pub fn size(&self) -> Size {
        let (height, width, _) = self.pixels.dim();
        (height, width)
    }

    /// Number of channels, 1 to 16.
    pub fn channels(&self) -> usize {
        self.pixels.dim().2
    }

    /// A view of the values, height x width x channels, in standard layout.
    pub fn pixels(&self) -> ArrayView3<'_, f32> {
        self.pixels.view()
    }

    /// The values, height x width x channels, in standard layout.
    pub fn into_pixels(self) -> Array3<f32> {
        self.pixels
    }

    /// The values as channels x height x width, in standard layout.
    pub fn to_planar(&self) -> Array3<f32> {
        self.pixels.view().permuted_axes([2, 0, 1]).as_standard_layout().into_owned()
    }

    /// The picture as bytes, height x width x channels, rounded to the nearest: -1 becomes 0, 1 becomes 255.
    pub fn to_u8(&self) -> Array3<u8> {
        self.pixels.mapv(|v| ((v + 1.0) * 127.5).round() as u8)
    }

    /// A copy of the picture that has at least the channels of a picture with `channels` channels. Gray is
    /// repeated for RGB, and an added alpha is opaque. Channels are never removed: RGBA stays RGBA for every
    /// value of `channels`.
    pub fn widened(&self, channels: usize) -> Self {
        let (height, width) = self.size();
        let own = colours(self.channels());
        let widened = own.max(colours(channels));
        let alpha = has_alpha(self.channels()) || has_alpha(channels);
        let value = |(y, x, c): (usize, usize, usize)| match c {
            c if c < widened => self.pixels[[y, x, c.min(own - 1)]],
            _ if has_alpha(self.channels()) => self.pixels[[y, x, own]],
            _ => 1.0,
        };
        Self { pixels: Array3::from_shape_fn((height, width, widened + usize::from(alpha)), value) }
    }

    /// Writes an 8-bit PNG with the channels of this picture. It is written under a temporary name in the
    /// same directory and then renamed, so that other programs see either the old file or the complete new
    /// one.
    ///
    /// # Errors
    /// [`Error::File`] if the directory is missing, not writable or full, or `path` has no file name;
    /// [`Error::Write`] if the picture is too large for a PNG.
    pub fn save_png(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(files::write(path.as_ref(), &self.to_png()?)?)
    }

    /// What a viewer can show of it: the picture itself, or of one with more than four channels the first three.
    pub fn visible(&self) -> Self {
        match self.channels() {
            1..=4 => self.clone(),
            _ => {
                Self { pixels: self.pixels.slice(ndarray::s![.., .., ..3]).as_standard_layout().into_owned() }
            }
        }
    }

    /// The bytes of the file that [`Picture::save_png`] writes.
    ///
    /// # Errors
    /// [`Error::Write`] if the picture is too large for a PNG.
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        self.to_file(FileFormat::Png, &Encoding::default(), None)
    }
}

/// Maps [0, 1] to [-1, 1], with rounding to `f32` at the same point as in the reference implementation.
pub(crate) fn from_unit(v: f64) -> f32 {
    (v as f32 - 0.5) * 2.0
}

/// The most channels of a picture.
pub const MAX_CHANNELS: usize = 16;

/// The number of colour channels, without alpha, of a picture with `channels` channels.
pub(crate) fn colours(channels: usize) -> usize {
    match channels {
        1 | 2 => 1,
        3 | 4 => 3,
        bands => bands,
    }
}

/// Whether a picture with `channels` channels has alpha, which is then the last channel.
pub(crate) fn has_alpha(channels: usize) -> bool {
    channels > colours(channels)
}

/// A path as it is shown in messages, with control characters replaced so that it stays on one line.
pub(crate) fn name_of(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}

fn check_shape((height, width, channels): (usize, usize, usize)) -> Result<(), Error> {
    if height == 0 || width == 0 || !(1..=MAX_CHANNELS).contains(&channels) {
        return Err(Error::Shape { height, width, channels });
    }
    Ok(())
}
