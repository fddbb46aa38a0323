//! TIFF files of any number of channels.

use super::rows::{RowFile, RowSink, failed};
use crate::picture::{Picture, has_alpha};
use crate::{Depth, Encoding, Error};
use std::io::{Cursor, Error as IoError, Seek, Write};
use tiff::encoder::colortype::{ColorType, Gray16, Gray32Float, RGB16, RGB32Float};
use tiff::encoder::{
    Compression, DeflateLevel, ImageEncoder, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard, TiffValue,
};
use tiff::tags::{ExtraSamples, Tag, Type};
use tiff::{Directory, TiffResult};

/// 16 bits a channel, or floats of 32 bits for floats.
pub(super) fn bytes(
    picture: &Picture,
    encoding: &Encoding,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, IoError> {
    let rgb = matches!(picture.channels(), 3 | 4);
    if encoding.depth == Depth::Float {
        let values: Vec<f32> = picture.samples(encoding).iter().map(|&v| v as f32).collect();
        if rgb {
            file::<RGB32Float>(picture, &values, profile)
        } else {
            file::<Gray32Float>(picture, &values, profile)
        }
    } else {
        let values = picture.to_u16(encoding).into_raw_vec_and_offset().0;
        if rgb { file::<RGB16>(picture, &values, profile) } else { file::<Gray16>(picture, &values, profile) }
    }
}

fn file<C: ColorType>(
    picture: &Picture,
    values: &[C::Inner],
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, IoError>
where
    [C::Inner]: TiffValue,
{
    let (height, width) = picture.size();
    let mut bytes = Vec::new();
    let mut encoder = TiffEncoder::new(Cursor::new(&mut bytes))
        .map_err(IoError::other)?
        .with_compression(Compression::Deflate(DeflateLevel::Balanced));
    let mut image = encoder.new_image::<C>(side(width)?, side(height)?).map_err(IoError::other)?;
    describe(&mut image, picture.channels(), profile).map_err(IoError::other)?;
    image.write_data(values).map_err(IoError::other)?;
    Ok(bytes)
}

fn side(n: usize) -> Result<u32, IoError> {
    u32::try_from(n).map_err(|_| IoError::other("too large for the format"))
}

/// Says what the channels beyond those of the colours are, and puts the profile in.
fn describe<W: Write + Seek, C: ColorType, K: TiffKind>(
    image: &mut ImageEncoder<'_, W, C, K>,
    channels: usize,
    profile: Option<&[u8]>,
) -> TiffResult<()> {
    let extra = channels - C::BITS_PER_SAMPLE.len();
    let kind = if has_alpha(channels) { ExtraSamples::UnassociatedAlpha } else { ExtraSamples::Unspecified };
    if extra > 0 {
        image.extra_samples(&vec![kind; extra])?;
    }
    if let Some(profile) = profile {
        let mut entries = Directory::empty();
        let entry = image.encoder().write_entry_bytes(Type::UNDEFINED, profile)?;
        entries.extend([(Tag::IccProfile, entry)]);
        image.encoder().extend_from(&entries);
    }
    Ok(())
}

/// Writes a file whose rows `fill` gives. It is not compressed: the library compresses whole pictures only.
pub(super) fn rows<T, E: From<Error>>(
    file: &RowFile<'_>,
    to: impl Write + Seek,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<T, E>,
) -> Result<T, E> {
    let rgb = matches!(file.channels, 3 | 4);
    let floats = |rows: &Picture, encoding: &Encoding| -> Vec<f32> {
        rows.samples(encoding).iter().map(|&v| v as f32).collect()
    };
    let integers = |rows: &Picture, encoding: &Encoding| rows.to_u16(encoding).into_raw_vec_and_offset().0;
    match (file.of_file().depth == Depth::Float, rgb) {
        (true, true) => rows_of::<RGB32Float, _, _>(file, to, floats, fill),
        (true, false) => rows_of::<Gray32Float, _, _>(file, to, floats, fill),
        (false, true) => rows_of::<RGB16, _, _>(file, to, integers, fill),
        (false, false) => rows_of::<Gray16, _, _>(file, to, integers, fill),
    }
}

/// Bytes of samples up to which offsets of 32 bits are enough, with room for the rest of the file.
const MOST_BYTES: usize = (u32::MAX - (64 << 20)) as usize;

fn rows_of<C: ColorType, T, E: From<Error>>(
    file: &RowFile<'_>,
    to: impl Write + Seek,
    samples: impl Fn(&Picture, &Encoding) -> Vec<C::Inner>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<T, E>,
) -> Result<T, E>
where
    [C::Inner]: TiffValue,
{
    let bytes = file.size.0.saturating_mul(file.size.1).saturating_mul(file.channels * size_of::<C::Inner>());
    if bytes > MOST_BYTES {
        strips::<C, TiffKindBig, _, _>(file, to, samples, fill)
    } else {
        strips::<C, TiffKindStandard, _, _>(file, to, samples, fill)
    }
}

fn strips<C: ColorType, K: TiffKind, T, E: From<Error>>(
    file: &RowFile<'_>,
    to: impl Write + Seek,
    samples: impl Fn(&Picture, &Encoding) -> Vec<C::Inner>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<T, E>,
) -> Result<T, E>
where
    [C::Inner]: TiffValue,
{
    let other = |error: tiff::TiffError| failed::<E>(IoError::other(error));
    let mut encoder = TiffEncoder::<_, K>::new_generic(to).map_err(other)?;
    let (width, height) = (side(file.size.1).map_err(failed)?, side(file.size.0).map_err(failed)?);
    let mut image = encoder.new_image::<C>(width, height).map_err(other)?;
    describe(&mut image, file.channels, file.profile).map_err(other)?;
    let mut sink = TiffRows { image, samples, encoding: file.of_file(), waiting: Vec::new() };
    let value = fill(&mut sink)?;
    sink.image.finish().map_err(other)?;
    Ok(value)
}

struct TiffRows<'a, W: Write + Seek, C: ColorType, K: TiffKind, S> {
    image: ImageEncoder<'a, W, C, K>,
    samples: S,
    encoding: Encoding,
    /// Samples that do not yet make a strip of the file.
    waiting: Vec<C::Inner>,
}

impl<W, C, K, S> RowSink for TiffRows<'_, W, C, K, S>
where
    W: Write + Seek,
    C: ColorType,
    K: TiffKind,
    S: Fn(&Picture, &Encoding) -> Vec<C::Inner>,
    [C::Inner]: TiffValue,
{
    fn write(&mut self, rows: &Picture) -> Result<(), Error> {
        self.waiting.extend((self.samples)(rows, &self.encoding));
        loop {
            let strip = self.image.next_strip_sample_count() as usize;
            if strip == 0 || self.waiting.len() < strip {
                return Ok(());
            }
            let written = self.image.write_strip(&self.waiting[..strip]);
            written.map_err(|e| failed::<Error>(IoError::other(e)))?;
            self.waiting.drain(..strip);
        }
    }
}
