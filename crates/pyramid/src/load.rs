//! Reads picture files into [`Picture`]s. The content determines the format, EXIF orientation is applied, and
//! 16-bit and float samples keep their precision.
//!
//! Invalid files are refused with a specific [`Error`] before much memory is allocated.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::decode::{LeftOut, format_of, raw};
use crate::picture::{Picture, name_of};
use crate::{Encoding, Error};

/// The largest picture that is accepted, in pixels.
pub const MAX_PIXELS: usize = 100_000_000;

/// The largest file that is accepted, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The number of bytes that a decoder may allocate: enough for the largest picture as RGBA floats, and some
/// more.
pub(crate) const MAX_DECODER_BYTES: u64 = 2 << 30;

/// A picture with what is known of its file, so that results can be written alike.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The picture.
    pub picture: Picture,
    /// Precision and range of the samples.
    pub encoding: Encoding,
    /// The ICC profile, if there is one for the picture's colours.
    pub profile: Option<Vec<u8>>,
    /// What else the file holds.
    pub left_out: Option<LeftOut>,
}

/// How to read a file.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The page of a TIFF file, from 1.
    pub page: usize,
    /// The encoding of the picture that this one belongs to, in whose range its samples are meant. By default, the
    /// range is chosen for the file.
    pub like: Option<Encoding>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { page: 1, like: None }
    }
}

/// Reads a picture file: JPEG, PNG, WebP, BMP, OpenEXR, Radiance HDR, a page of a TIFF, or the first frame of a GIF or
/// of an animation.
///
/// The content determines the format, not the extension. The result has one channel for gray, two for gray
/// with alpha, three for RGB, palettes, CMYK and L*a*b*, four for RGBA, and up to 16 for TIFF bands and OpenEXR channels. An
/// alpha that is opaque everywhere is no channel, and pixels that are fully transparent get the colours of the visible
/// ones nearest to them. Samples of 8 bits have their usual meaning; those of 16 bits and floats keep their precision
/// and are stretched where they use less than half of their range or exceed it. The picture is upright, because EXIF
/// orientation is applied. ICC profiles are returned and not applied.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Directory`], [`Error::NotAFile`], [`Error::Permission`], [`Error::Read`],
/// [`Error::Empty`] or [`Error::TooManyBytes`] for the file; [`Error::Page`] where it has no such page; what
/// [`decode`] refuses for its content.
pub fn load_with(path: &Path, reading: &Reading) -> Result<Loaded, Error> {
    let name = name_of(path);
    let bytes = read(path, &name)?;
    decode_named(&bytes, &name, reading)
}

/// The picture of a file, as [`load_with`] reads it by default.
///
/// # Errors
/// As [`load_with`].
pub fn load(path: &Path) -> Result<Picture, Error> {
    Ok(load_with(path, &Reading::default())?.picture)
}

/// Decodes the content of a picture file from memory, with the same result as [`load`].
///
/// # Errors
/// [`Error::Empty`], [`Error::NotAPicture`], [`Error::Unsupported`], [`Error::Truncated`],
/// [`Error::Damaged`], [`Error::TooManyPixels`], or [`Error::Samples`] for floats that are not finite.
pub fn decode(bytes: &[u8]) -> Result<Picture, Error> {
    Ok(decode_named(bytes, "the picture", &Reading::default())?.picture)
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

fn decode_named(bytes: &[u8], name: &str, reading: &Reading) -> Result<Loaded, Error> {
    let raw = raw(bytes, name, reading.page)?;
    let own = raw.encoding(name)?;
    let encoding = reading.like.map_or(own, |like| like.of_file(raw.depth));
    Ok(Loaded { picture: raw.picture(&encoding)?, encoding, profile: raw.profile, left_out: raw.left_out })
}
