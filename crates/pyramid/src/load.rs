//! Reads picture files into [`Picture`]s. The content determines the format, EXIF orientation is applied, and
//! 16-bit and float samples keep their precision.
//!
//! Invalid files are refused with a specific [`Error`] before much memory is allocated.

use std::fs::{self, File};
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use ndarray::Array3;

use crate::complete::is_complete;
use crate::picture::{Picture, from_unit, name_of};
use crate::{Error, alpha};

/// The largest picture that is accepted, in pixels.
pub const MAX_PIXELS: usize = 100_000_000;

/// The largest file that is accepted, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The number of bytes that a decoder may allocate: enough for the largest picture as RGBA floats, and some
/// more.
const MAX_DECODER_BYTES: u64 = 2 << 30;

/// Reads a picture file: JPEG, PNG, WebP, BMP, TIFF, or the first frame of a GIF or of an animation.
///
/// The content determines the format, not the extension. The result has one channel for gray, two for gray
/// with alpha, three for RGB, palettes and CMYK, and four for RGBA; an alpha that is opaque everywhere is no
/// channel, and pixels that are fully transparent get the colours of the visible ones nearest to them. 16-bit and float samples keep their precision. The picture is upright, because EXIF
/// orientation is applied. Colour profiles are ignored.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Directory`], [`Error::NotAFile`], [`Error::Permission`], [`Error::Read`],
/// [`Error::Empty`] or [`Error::TooManyBytes`] for the file; what [`decode`] refuses for its content.
pub fn load(path: &Path) -> Result<Picture, Error> {
    let name = name_of(path);
    let bytes = read(path, &name)?;
    decode_named(&bytes, &name)
}

/// Decodes the content of a picture file from memory, with the same result as [`load`].
///
/// # Errors
/// [`Error::Empty`], [`Error::NotAPicture`], [`Error::Unsupported`], [`Error::Truncated`],
/// [`Error::Damaged`], [`Error::TooManyPixels`], or [`Error::Samples`] for floats that are not finite or not
/// within [0, 1].
pub fn decode(bytes: &[u8]) -> Result<Picture, Error> {
    decode_named(bytes, "the picture")
}

/// The content of a file, if it is a regular file that starts like a picture.
fn read(path: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::NotFound { name: name.into() },
        ErrorKind::PermissionDenied => Error::Permission { name: name.into() },
        _ => Error::Read { name: name.into(), source },
    };
    // The type of the file is checked before it is opened, because opening a pipe waits for a writer.
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(Error::Directory { name: name.into() });
    }
    if !metadata.is_file() {
        return Err(Error::NotAFile { name: name.into() });
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(Error::TooManyBytes { name: name.into(), bytes: metadata.len(), limit: MAX_FILE_BYTES });
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // The first bytes are checked first, so that a large file that is not a picture is not read as a whole.
    file.by_ref().take(64).read_to_end(&mut bytes).map_err(failed)?;
    format_of(&bytes, name)?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn decode_named(bytes: &[u8], name: &str) -> Result<Picture, Error> {
    let (format, format_name) = format_of(bytes, name)?;
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
    let (width, height) = (width as usize, height as usize);
    if width == 0 || height == 0 {
        let reason = format!("{width}x{height} pixels");
        return Err(Error::Damaged { name: name.into(), format: format_name, reason });
    }
    if width.checked_mul(height).is_none_or(|n| n > MAX_PIXELS) {
        return Err(Error::TooManyPixels { name: name.into(), width, height, limit: MAX_PIXELS });
    }
    // If the orientation tag is invalid, the picture is used as it is stored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    Ok(alpha::clean(to_picture(image, name)?))
}

/// The format of a file, determined by its first bytes, and its usual name.
fn format_of(bytes: &[u8], name: &str) -> Result<(ImageFormat, &'static str), Error> {
    let unsupported = |what: &str| Err(Error::Unsupported { name: name.into(), what: what.into() });
    if bytes.is_empty() {
        return Err(Error::Empty { name: name.into() });
    }
    let format = match image::guess_format(bytes) {
        Ok(format) => format,
        // Phones write these formats, so that a clearer error than "not a picture" is useful.
        Err(_) if bytes.get(4..8) == Some(b"ftyp") => return unsupported("HEIC, AVIF or video"),
        Err(_) => return Err(Error::NotAPicture { name: name.into() }),
    };
    let format_name = match format {
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::WebP => "WebP",
        other => return unsupported(&format!("{other:?}")),
    };
    Ok((format, format_name))
}

/// Converts a decoded image to a [`Picture`] with the same channels.
fn to_picture(image: DynamicImage, name: &str) -> Result<Picture, Error> {
    use DynamicImage::{
        ImageLuma8, ImageLuma16, ImageLumaA8, ImageLumaA16, ImageRgb8, ImageRgb16, ImageRgb32F, ImageRgba8,
        ImageRgba16, ImageRgba32F,
    };
    let channels = usize::from(image.color().channel_count());
    let shape = (image.height() as usize, image.width() as usize, channels);
    let eight = |values: Vec<u8>| values.into_iter().map(|v| from_unit(f64::from(v) / 255.0)).collect();
    let sixteen = |values: Vec<u16>| values.into_iter().map(|v| from_unit(f64::from(v) / 65535.0)).collect();
    let values: Vec<f32> = match image {
        ImageLuma8(buffer) => eight(buffer.into_raw()),
        ImageLumaA8(buffer) => eight(buffer.into_raw()),
        ImageRgb8(buffer) => eight(buffer.into_raw()),
        ImageRgba8(buffer) => eight(buffer.into_raw()),
        ImageLuma16(buffer) => sixteen(buffer.into_raw()),
        ImageLumaA16(buffer) => sixteen(buffer.into_raw()),
        ImageRgb16(buffer) => sixteen(buffer.into_raw()),
        ImageRgba16(buffer) => sixteen(buffer.into_raw()),
        ImageRgb32F(buffer) => floats(buffer.into_raw(), name)?,
        ImageRgba32F(buffer) => floats(buffer.into_raw(), name)?,
        other => {
            let what = format!("the pixel format {:?}", other.color());
            return Err(Error::Unsupported { name: name.into(), what });
        }
    };
    let damaged = |e: ndarray::ShapeError| Error::Damaged {
        name: name.into(),
        format: "picture",
        reason: e.to_string(),
    };
    Picture::from_pixels(Array3::from_shape_vec(shape, values).map_err(damaged)?)
}

/// Converts float samples from [0, 1], their usual range, to [-1, 1]. Samples outside this range are refused
/// instead of being clipped.
fn floats(values: Vec<f32>, name: &str) -> Result<Vec<f32>, Error> {
    // Resampling and rounding in an editor may exceed the range a little.
    let allowed = -0.01..=1.01;
    if let Some(bad) = values.iter().find(|v| !allowed.contains(*v)) {
        let found = if bad.is_nan() { "that are NaN".into() } else { format!("like {bad}") };
        return Err(Error::Samples { name: name.into(), found, expected: "[0, 1]" });
    }
    Ok(values.into_iter().map(|v| from_unit(f64::from(v))).collect())
}

/// The message of a decoder on one line of limited length. Some decoders print every value of a damaged file.
fn one_line(error: &dyn std::fmt::Display) -> String {
    const MAX_CHARACTERS: usize = 160;
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}
