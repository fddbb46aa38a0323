//! Pictures as the bytes of files.

mod exr;
mod rows;
mod tiff;

pub use rows::{MOST_WHOLE, RowFile, RowSink, Shrunk};

use crate::picture::{Picture, colours, has_alpha};
use crate::{Depth, Encoding, Error};
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder};
use ndarray::Array3;
use std::io::{Cursor, Error as IoError};

/// The file format of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// PNG, 8 bits a channel.
    Png,
    /// PNG, 16 bits a channel.
    Png16,
    /// TIFF of 1 to 16 channels: floats for pictures of floats, else 16 bits a channel.
    Tiff,
    /// OpenEXR of 1 to 16 channels, floats of 32 bits.
    Exr,
    /// Lossless WebP, 8 bits a channel; gray becomes RGB.
    Webp,
    /// JPEG of quality 95, which loses fine differences and cannot hold transparency.
    Jpeg,
}

/// The quality of JPEG files, of 100.
const QUALITY: u8 = 95;

impl FileFormat {
    /// The precision of the samples of a picture with this encoding in this format.
    pub fn depth(self, encoding: &Encoding) -> Depth {
        match self {
            Self::Png | Self::Webp | Self::Jpeg => Depth::Eight,
            Self::Png16 => Depth::Sixteen,
            Self::Tiff => encoding.depth.max(Depth::Sixteen),
            Self::Exr => Depth::Float,
        }
    }

    /// The format that keeps all of a picture with this encoding and number of channels.
    pub fn keeping(encoding: &Encoding, channels: usize) -> Self {
        match encoding.depth {
            _ if channels > 4 => Self::Tiff,
            Depth::Eight => Self::Png,
            Depth::Sixteen => Self::Png16,
            Depth::Float => Self::Tiff,
        }
    }

    /// The most channels that a picture can have in this format.
    pub fn most_channels(self) -> usize {
        if matches!(self, Self::Tiff | Self::Exr) { crate::MAX_CHANNELS } else { 4 }
    }
}

impl Picture {
    /// The bytes of a file, with the samples that `encoding` says, where the format is precise enough; else stretched,
    /// -1 to the least and 1 to the largest. The ICC profile is put into PNG, JPEG, TIFF and WebP, unless gray becomes RGB.
    ///
    /// # Errors
    /// [`Error::Write`] if the picture is too large for the format, or has channels or an alpha that it cannot hold.
    pub fn to_file(
        &self,
        format: FileFormat,
        encoding: &Encoding,
        profile: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        self.encoded(format, encoding, profile).map_err(rows::failed)
    }

    fn encoded(
        &self,
        format: FileFormat,
        encoding: &Encoding,
        profile: Option<&[u8]>,
    ) -> Result<Vec<u8>, IoError> {
        let channels = self.channels();
        check_channels(format, channels)?;
        let depth = format.depth(encoding);
        let encoding = encoding.of_file(depth);
        match format {
            FileFormat::Tiff => return tiff::bytes(self, &encoding, profile),
            FileFormat::Exr => return exr::bytes(self, &encoding),
            _ => {}
        }
        let picture = if format == FileFormat::Webp { &self.widened(3) } else { self };
        let values: Vec<u8> = if depth == Depth::Sixteen {
            picture.to_u16(&encoding).iter().flat_map(|v| v.to_ne_bytes()).collect()
        } else {
            picture.to_u8().into_raw_vec_and_offset().0
        };
        let profile = profile.filter(|_| picture.channels() == channels);
        let shape = (picture.size(), picture.channels());
        let mut bytes = Vec::new();
        let to = Cursor::new(&mut bytes);
        match format {
            FileFormat::Webp => write(WebPEncoder::new_lossless(to), &values, shape, depth, profile),
            FileFormat::Jpeg => {
                write(JpegEncoder::new_with_quality(to, QUALITY), &values, shape, depth, profile)
            }
            _ => write(PngEncoder::new(to), &values, shape, depth, profile),
        }?;
        Ok(bytes)
    }

    /// The picture as 16-bit samples, height x width x channels, rounded to the nearest.
    pub(crate) fn to_u16(&self, encoding: &Encoding) -> Array3<u16> {
        self.samples(encoding).mapv(|v| (v * 65_535.0).round().clamp(0.0, 65_535.0) as u16)
    }

    /// The picture as samples in units of full scale, height x width x channels. Alpha always has the full range.
    pub(crate) fn samples(&self, encoding: &Encoding) -> Array3<f64> {
        let full = Encoding::full(encoding.depth);
        let colours = colours(self.channels());
        let pixels = self.pixels();
        Array3::from_shape_fn(pixels.dim(), |at| {
            if at.2 < colours { encoding } else { &full }.sample(pixels[at])
        })
    }
}

fn write(
    mut encoder: impl ImageEncoder,
    values: &[u8],
    ((height, width), channels): ((usize, usize), usize),
    depth: Depth,
    profile: Option<&[u8]>,
) -> Result<(), IoError> {
    let side = |n: usize| u32::try_from(n).map_err(|_| IoError::other("too large for the format"));
    if let Some(profile) = profile {
        // A format without profiles does not occur here.
        encoder.set_icc_profile(profile.to_vec()).map_err(IoError::other)?;
    }
    let colour = colour(channels, depth == Depth::Sixteen);
    encoder.write_image(values, side(width)?, side(height)?, colour).map_err(IoError::other)
}

/// Checks that the format can hold a picture of so many channels.
fn check_channels(format: FileFormat, channels: usize) -> Result<(), IoError> {
    let most = format.most_channels();
    if channels > most {
        return Err(IoError::other(format!(
            "the format holds {most} channels, not {channels}; TIFF and EXR do"
        )));
    }
    if format == FileFormat::Jpeg && has_alpha(channels) {
        return Err(IoError::other("JPEG cannot hold its transparency; PNG, TIFF and WebP can"));
    }
    Ok(())
}

fn colour_of_png(channels: usize) -> png::ColorType {
    match channels {
        1 => png::ColorType::Grayscale,
        2 => png::ColorType::GrayscaleAlpha,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    }
}

fn colour(channels: usize, deep: bool) -> ExtendedColorType {
    match (channels, deep) {
        (1, false) => ExtendedColorType::L8,
        (2, false) => ExtendedColorType::La8,
        (3, false) => ExtendedColorType::Rgb8,
        (_, false) => ExtendedColorType::Rgba8,
        (1, true) => ExtendedColorType::L16,
        (2, true) => ExtendedColorType::La16,
        (3, true) => ExtendedColorType::Rgb16,
        (_, true) => ExtendedColorType::Rgba16,
    }
}

#[cfg(test)]
mod tests;
