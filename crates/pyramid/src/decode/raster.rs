//! The formats that the crate `image` reads.

use super::{LeftOut, Raw, Samples, fitting};
use crate::complete::is_complete;
use crate::load::{MAX_DECODER_BYTES, MAX_PIXELS};
use crate::{Depth, Error};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::{Cursor, ErrorKind};

pub(super) fn raw(
    bytes: &[u8],
    name: &str,
    (format, format_name): (ImageFormat, &'static str),
) -> Result<Raw, Error> {
    let truncated = || Error::Truncated { name: name.into(), format: format_name };
    let failed = |error: ImageError| match error {
        ImageError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => truncated(),
        ImageError::Unsupported(e) => Error::Unsupported { name: name.into(), what: one_line(&e) },
        e => Error::Damaged { name: name.into(), format: format_name, reason: one_line(&e) },
    };
    if !is_complete(bytes, format) {
        return Err(truncated());
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (None, None);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    // The decoder reads only the header here; pixels are allocated by `DynamicImage::from_decoder`.
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    check_size((height as usize, width as usize), name, format_name)?;
    // If the orientation tag is invalid, the picture is used as it is stored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    let left_out = has_frames(bytes, format).then_some(LeftOut::Frames);
    let mut raw = samples(image, name)?;
    raw.profile = fitting(profile, raw.shape.2);
    raw.left_out = left_out;
    Ok(raw)
}

/// Refuses a picture without pixels, or with too many.
pub(super) fn check_size(
    (height, width): (usize, usize),
    name: &str,
    format: &'static str,
) -> Result<(), Error> {
    if width == 0 || height == 0 {
        let reason = format!("{width}x{height} pixels");
        return Err(Error::Damaged { name: name.into(), format, reason });
    }
    if width.checked_mul(height).is_none_or(|n| n > MAX_PIXELS) {
        return Err(Error::TooManyPixels { name: name.into(), width, height, limit: MAX_PIXELS });
    }
    Ok(())
}

/// Whether there is more than one frame.
fn has_frames(bytes: &[u8], format: ImageFormat) -> bool {
    let bytes = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => {
            GifDecoder::new(bytes).is_ok_and(|gif| gif.into_frames().take(2).flatten().count() > 1)
        }
        ImageFormat::Png => PngDecoder::new(bytes).and_then(|png| png.is_apng()).unwrap_or(false),
        ImageFormat::WebP => WebPDecoder::new(bytes).is_ok_and(|webp| webp.has_animation()),
        _ => false,
    }
}

fn samples(image: DynamicImage, name: &str) -> Result<Raw, Error> {
    use DynamicImage::{
        ImageLuma8, ImageLuma16, ImageLumaA8, ImageLumaA16, ImageRgb8, ImageRgb16, ImageRgb32F, ImageRgba8,
        ImageRgba16, ImageRgba32F,
    };
    let colour = image.color();
    let shape = (image.height() as usize, image.width() as usize, usize::from(colour.channel_count()));
    let samples = match image {
        ImageLuma8(buffer) => Samples::Eight(buffer.into_raw()),
        ImageLumaA8(buffer) => Samples::Eight(buffer.into_raw()),
        ImageRgb8(buffer) => Samples::Eight(buffer.into_raw()),
        ImageRgba8(buffer) => Samples::Eight(buffer.into_raw()),
        ImageLuma16(buffer) => Samples::Sixteen(buffer.into_raw()),
        ImageLumaA16(buffer) => Samples::Sixteen(buffer.into_raw()),
        ImageRgb16(buffer) => Samples::Sixteen(buffer.into_raw()),
        ImageRgba16(buffer) => Samples::Sixteen(buffer.into_raw()),
        ImageRgb32F(buffer) => Samples::Float(buffer.into_raw()),
        ImageRgba32F(buffer) => Samples::Float(buffer.into_raw()),
        _ => {
            let what = format!("the pixel format {colour:?}");
            return Err(Error::Unsupported { name: name.into(), what });
        }
    };
    let depth = match samples {
        Samples::Eight(_) => Depth::Eight,
        Samples::Sixteen(_) => Depth::Sixteen,
        Samples::Float(_) => Depth::Float,
    };
    Ok(Raw { samples, depth, shape, alpha: colour.has_alpha(), profile: None, left_out: None })
}

/// The message of a decoder on one line of limited length. Some decoders print every value of a damaged file.
pub(super) fn one_line(error: &dyn std::fmt::Display) -> String {
    const MAX_CHARACTERS: usize = 160;
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}
