//! Pictures as the bytes of files.

use crate::Error;
use crate::picture::{Picture, has_alpha};
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, tiff::TiffEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder};
use std::io::{Cursor, Error as IoError};

/// The file format of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// PNG, 8 bits a channel.
    Png,
    /// PNG, 16 bits a channel.
    Png16,
    /// TIFF, 16 bits a channel; gray with alpha becomes RGBA.
    Tiff,
    /// Lossless WebP, 8 bits a channel; gray becomes RGB.
    Webp,
    /// JPEG of quality 95, which loses fine differences and cannot hold transparency.
    Jpeg,
}

/// The quality of JPEG files, of 100.
const QUALITY: u8 = 95;

impl Picture {
    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::Write`] if the picture is too large for the format, or has an alpha that it cannot hold.
    pub fn to_file(&self, format: FileFormat) -> Result<Vec<u8>, Error> {
        self.encoded(format).map_err(|source| Error::Write { name: "the picture".into(), source })
    }

    fn encoded(&self, format: FileFormat) -> Result<Vec<u8>, IoError> {
        let alpha = has_alpha(self.channels());
        let picture = match format {
            FileFormat::Jpeg if alpha => {
                return Err(IoError::other("JPEG cannot hold its transparency; PNG, TIFF and WebP can"));
            }
            FileFormat::Webp => &self.widened(3),
            FileFormat::Tiff if alpha => &self.widened(4),
            _ => self,
        };
        let deep = matches!(format, FileFormat::Png16 | FileFormat::Tiff);
        let values: Vec<u8> = if deep {
            picture.to_u16().iter().flat_map(|v| v.to_ne_bytes()).collect()
        } else {
            picture.to_u8().into_raw_vec_and_offset().0
        };
        let colour = colour(picture.channels(), deep);
        let side = |n: usize| u32::try_from(n).map_err(|_| IoError::other("too large for the format"));
        let (width, height) = (side(picture.size().1)?, side(picture.size().0)?);
        let mut bytes = Cursor::new(Vec::new());
        let written = match format {
            FileFormat::Png | FileFormat::Png16 => {
                PngEncoder::new(&mut bytes).write_image(&values, width, height, colour)
            }
            FileFormat::Tiff => TiffEncoder::new(&mut bytes).write_image(&values, width, height, colour),
            FileFormat::Webp => {
                WebPEncoder::new_lossless(&mut bytes).write_image(&values, width, height, colour)
            }
            FileFormat::Jpeg => {
                JpegEncoder::new_with_quality(&mut bytes, QUALITY).write_image(&values, width, height, colour)
            }
        };
        written.map_err(IoError::other)?;
        Ok(bytes.into_inner())
    }

    /// The picture as 16-bit numbers, height x width x channels, rounded to the nearest: -1 becomes 0, 1 becomes
    /// 65535.
    pub fn to_u16(&self) -> ndarray::Array3<u16> {
        self.pixels().mapv(|v| ((f64::from(v) + 1.0) * 32_767.5).round() as u16)
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
mod tests {
    use super::*;
    use crate::decode;
    use ndarray::Array3;

    #[test]
    fn every_format_comes_back_as_exactly_as_it_can() -> Result<(), Error> {
        for channels in 1..=4 {
            let value =
                |(y, x, c): (usize, usize, usize)| ((x * 37 + y * 211 + c * 97) % 1999) as f32 / 1100.0 - 0.9;
            let picture = Picture::from_pixels(Array3::from_shape_fn((20, 30, channels), value))?;
            for (format, tolerance) in [
                (FileFormat::Png, 0.004),
                (FileFormat::Png16, 2e-5),
                (FileFormat::Tiff, 2e-5),
                (FileFormat::Webp, 0.004),
            ] {
                let read = decode(&picture.to_file(format)?)?;
                let expected = picture.widened(read.channels());
                assert_eq!(expected.channels(), read.channels(), "{format:?} of {channels}");
                let most = (&expected.pixels() - &read.pixels()).fold(0.0f32, |most, d| most.max(d.abs()));
                assert!(most <= tolerance, "{format:?} of {channels}: {most}");
            }
            let jpeg = picture.to_file(FileFormat::Jpeg);
            assert_eq!(jpeg.is_err(), has_alpha(channels), "JPEG of {channels}");
        }
        Ok(())
    }
}
