//! Picture files to [`Picture`]s: the format is told by the content, EXIF orientation is applied, precision is kept.
//!
//! Bad files are refused before anything large is allocated, each with its own [`Error`].

use std::fs::{self, File};
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use ndarray::Array3;

use crate::Error;
use crate::complete::is_complete;
use crate::picture::{Picture, from_unit, name_of};

/// The largest picture that is accepted, in pixels.
pub const MAX_PIXELS: usize = 100_000_000;

/// The largest file that is accepted, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// What a decoder may allocate: the largest picture as RGBA floats, and some room beside it.
const MAX_DECODER_BYTES: u64 = 2 << 30;

/// Reads a picture file: JPEG, PNG, WebP, BMP, TIFF, or the first frame of a GIF or of an animation.
///
/// The content decides on the format, not the extension. Gray gives one channel, gray with alpha two, RGB (and palettes, and
/// CMYK) three, RGBA four; a GIF has alpha only if some pixel is transparent. 16 bits and floats keep their precision.
/// The picture stands upright: EXIF orientation is applied. Colour profiles are ignored.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Directory`], [`Error::NotAFile`], [`Error::Permission`], [`Error::Read`],
/// [`Error::Empty`] or [`Error::TooManyBytes`] for the file; what [`decode`] refuses for its content.
pub fn load(path: &Path) -> Result<Picture, Error> {
    let name = name_of(path);
    let bytes = read(path, &name)?;
    decode_named(&bytes, &name)
}

/// [`load`] for a file's content that is already in memory.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotAPicture`], [`Error::Unsupported`], [`Error::Truncated`], [`Error::Damaged`],
/// [`Error::TooManyPixels`], or [`Error::Samples`] for floats that are not finite or not within [0, 1].
pub fn decode(bytes: &[u8]) -> Result<Picture, Error> {
    decode_named(bytes, "the picture")
}

/// The file's content, if it is a plain file that begins like a picture.
fn read(path: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::NotFound { name: name.into() },
        ErrorKind::PermissionDenied => Error::Permission { name: name.into() },
        _ => Error::Read { name: name.into(), source },
    };
    // Asked before opening: opening a pipe waits for its writer.
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
    // A look at the beginning spares reading a large file that is no picture.
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
    // Decoders read the header here and allocate the pixels below.
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
    // A broken orientation tag does not cost the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    to_picture(without_idle_alpha(image, format), name)
}

/// The format by its first bytes, and what people call it.
fn format_of(bytes: &[u8], name: &str) -> Result<(ImageFormat, &'static str), Error> {
    let unsupported = |what: &str| Err(Error::Unsupported { name: name.into(), what: what.into() });
    if bytes.is_empty() {
        return Err(Error::Empty { name: name.into() });
    }
    let format = match image::guess_format(bytes) {
        Ok(format) => format,
        // Phones write these; they deserve a better answer than "not a picture".
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

/// GIFs are decoded to RGBA whether they have a transparent colour or not; most have none.
fn without_idle_alpha(image: DynamicImage, format: ImageFormat) -> DynamicImage {
    match image {
        DynamicImage::ImageRgba8(rgba)
            if format == ImageFormat::Gif && rgba.pixels().all(|pixel| pixel.0[3] == 255) =>
        {
            DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(rgba).into_rgb8())
        }
        other => other,
    }
}

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

/// Float samples, which by convention lie in [0, 1]; others are refused rather than clipped to white.
fn floats(values: Vec<f32>, name: &str) -> Result<Vec<f32>, Error> {
    // What resampling and rounding in an editor may overshoot.
    let allowed = -0.01..=1.01;
    if let Some(bad) = values.iter().find(|v| !allowed.contains(*v)) {
        let found = if bad.is_nan() { "that are NaN".into() } else { format!("like {bad}") };
        return Err(Error::Samples { name: name.into(), found, expected: "[0, 1]" });
    }
    Ok(values.into_iter().map(|v| from_unit(f64::from(v))).collect())
}

/// A decoder's own words, on one line and not too long: some print every value of a damaged file.
fn one_line(error: &dyn std::fmt::Display) -> String {
    const MAX_CHARACTERS: usize = 160;
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}
