//! TIFF files of any number of channels.

use crate::picture::{Picture, has_alpha};
use crate::{Depth, Encoding};
use std::io::{Cursor, Error as IoError};
use tiff::Directory;
use tiff::encoder::colortype::{ColorType, Gray16, Gray32Float, RGB16, RGB32Float};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, TiffValue};
use tiff::tags::{ExtraSamples, Tag, Type};

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
    let side = |n: usize| u32::try_from(n).map_err(|_| IoError::other("too large for the format"));
    let mut bytes = Vec::new();
    let mut encoder = TiffEncoder::new(Cursor::new(&mut bytes))
        .map_err(IoError::other)?
        .with_compression(Compression::Deflate(DeflateLevel::Balanced));
    let mut image = encoder.new_image::<C>(side(width)?, side(height)?).map_err(IoError::other)?;
    let extra = picture.channels() - C::BITS_PER_SAMPLE.len();
    let kind = if has_alpha(picture.channels()) {
        ExtraSamples::UnassociatedAlpha
    } else {
        ExtraSamples::Unspecified
    };
    if extra > 0 {
        image.extra_samples(&vec![kind; extra]).map_err(IoError::other)?;
    }
    if let Some(profile) = profile {
        let mut entries = Directory::empty();
        let entry = image.encoder().write_entry_bytes(Type::UNDEFINED, profile).map_err(IoError::other)?;
        entries.extend([(Tag::IccProfile, entry)]);
        image.encoder().extend_from(&entries);
    }
    image.write_data(values).map_err(IoError::other)?;
    Ok(bytes)
}
