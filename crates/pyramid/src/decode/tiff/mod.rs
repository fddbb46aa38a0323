//! The TIFF files that the crate `image` does not read: other pages than the first, gray floats, signed and 32-bit
//! integers, palettes, L*a*b*, and up to 16 bands.

mod colour;
mod directory;

use self::colour::{coloured, convert, srgb_of_lab, turn, widen_range};
use self::directory::with_photometric;
use super::raster::{check_size, one_line};
use super::{LeftOut, Raw, Samples, fitting};
use crate::load::MAX_DECODER_BYTES;
use crate::picture::MAX_CHANNELS;
use crate::{Depth, Error};
use std::io::{Cursor, ErrorKind};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{SampleFormat, Tag};
use tiff::{ColorType, TiffError};

/// How the numbers of a pixel are its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// As they are; the number tells how many channels are colour, where the next one is alpha.
    Bands {
        alpha: bool,
    },
    Cmyk,
    /// Indices of a palette.
    Palette,
    /// L*a*b* with signed a and b, or with an offset.
    Lab {
        signed: bool,
    },
}

/// PhotometricInterpretation: palette, and L*a*b* in its two forms.
const PALETTE: u16 = 3;
const CIE_LAB: u16 = 8;
const ICC_LAB: u16 = 9;

/// A page that the crate `image` reads as well, or one that was read here.
pub(super) enum Page {
    /// The only or the first one, of so many, and its ICC profile.
    Common(usize, Option<Vec<u8>>),
    Read(Raw),
}

/// Page `page` (from 1) of a file.
pub(super) fn page(bytes: &[u8], name: &str, page: usize) -> Result<Page, Error> {
    let failed = |error: TiffError| match error {
        TiffError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            Error::Truncated { name: name.into(), format: "TIFF" }
        }
        TiffError::UnsupportedError(e) => {
            Error::Unsupported { name: name.into(), what: format!("TIFF, {}", one_line(&e)) }
        }
        e => Error::Damaged { name: name.into(), format: "TIFF", reason: one_line(&e) },
    };
    let mut decoder = opened(bytes).map_err(failed)?;
    let pages = count_pages(&mut decoder).map_err(failed)?;
    if page == 0 || page > pages {
        return Err(Error::Page { name: name.into(), page, pages });
    }
    decoder.seek_to_image(page - 1).map_err(failed)?;
    let photometric: u16 =
        decoder.find_tag_unsigned(Tag::PhotometricInterpretation).map_err(failed)?.unwrap_or_default();
    let common = decoder.colortype().is_ok_and(is_common) && common_samples(&mut decoder).map_err(failed)?;
    if common && page == 1 {
        return Ok(Page::Common(pages, decoder.get_tag_u8_vec(Tag::IccProfile).ok()));
    }
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let size = (height as usize, width as usize);
    check_size(size, name, "TIFF")?;

    // The decoder refuses palettes and L*a*b*, whose samples are stored like those of gray and RGB.
    let stored_like = match photometric {
        PALETTE => Some(1),
        CIE_LAB | ICC_LAB => Some(2),
        _ => None,
    };
    let patched;
    let mut decoder = match stored_like {
        None => decoder,
        Some(like) => {
            let at = decoder.ifd_pointer().map_or(0, |pointer| pointer.0);
            patched = with_photometric(bytes, at as usize, like).ok_or_else(|| Error::Damaged {
                name: name.into(),
                format: "TIFF",
                reason: "directory".into(),
            })?;
            let mut decoder = opened(&patched).map_err(failed)?;
            decoder.seek_to_image(page - 1).map_err(failed)?;
            decoder
        }
    };
    let meaning = meaning(&mut decoder, photometric);
    let bits = decoder.colortype().map_err(failed)?.bit_depth();
    let profile = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let orientation: u16 = decoder.find_tag_unsigned(Tag::Orientation).ok().flatten().unwrap_or(1);
    let palette = match meaning {
        Meaning::Palette => decoder.get_tag_u16_vec(Tag::ColorMap).map_err(failed)?,
        _ => Vec::new(),
    };
    let (samples, channels) = interleaved(&mut decoder, size, bits, name).map_err(|e| match e {
        Failed::Tiff(e) => failed(e),
        Failed::Other(e) => e,
    })?;
    let mut raw = Raw {
        depth: depth(&samples),
        samples,
        shape: (size.0, size.1, channels),
        alpha: meaning == Meaning::Bands { alpha: true },
        profile: fitting(profile, channels),
        left_out: (pages > 1).then_some(LeftOut::Pages(pages)),
    };
    match meaning {
        Meaning::Bands { .. } => widen_range(&mut raw, bits),
        Meaning::Cmyk => convert(&mut raw, |v| [0, 1, 2].map(|c| (1.0 - v[c]) * (1.0 - v[3]))),
        Meaning::Palette => coloured(&mut raw, &palette),
        Meaning::Lab { signed } => convert(&mut raw, |v| srgb_of_lab(v, signed)),
    }
    turn(&mut raw, orientation);
    Ok(Page::Read(raw))
}

fn opened(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, TiffError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_DECODER_BYTES as usize;
    Ok(Decoder::new(Cursor::new(bytes))?.with_limits(limits))
}

/// The most pages that are counted.
const MOST_PAGES: usize = 10_000;

fn count_pages(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<usize, TiffError> {
    let mut pages = 1;
    while decoder.more_images() && pages < MOST_PAGES {
        decoder.next_image()?;
        pages += 1;
    }
    Ok(pages)
}

/// The kinds that the crate `image` reads.
fn is_common(kind: ColorType) -> bool {
    matches!(
        kind,
        ColorType::Gray(1 | 8 | 16)
            | ColorType::GrayA(8 | 16)
            | ColorType::RGB(8 | 16 | 32)
            | ColorType::RGBA(8 | 16 | 32)
            | ColorType::CMYK(8 | 16)
    )
}

/// Whether the samples are unsigned integers, or floats of RGB.
fn common_samples(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<bool, TiffError> {
    let kind = decoder.colortype()?;
    let floats = matches!(kind, ColorType::RGB(32) | ColorType::RGBA(32));
    Ok(match decoder.image_buffer_layout()?.sample_format {
        SampleFormat::Uint => !floats,
        SampleFormat::IEEEFP => floats,
        _ => false,
    })
}

fn meaning(decoder: &mut Decoder<Cursor<&[u8]>>, photometric: u16) -> Meaning {
    let extra = decoder.get_tag_u16_vec(Tag::ExtraSamples).unwrap_or_default();
    match (photometric, decoder.colortype()) {
        (PALETTE, _) => Meaning::Palette,
        (CIE_LAB, _) => Meaning::Lab { signed: true },
        (ICC_LAB, _) => Meaning::Lab { signed: false },
        (_, Ok(ColorType::CMYK(_))) => Meaning::Cmyk,
        (_, Ok(ColorType::GrayA(_) | ColorType::RGBA(_))) => Meaning::Bands { alpha: true },
        (_, Ok(ColorType::Multiband { num_samples: 2, .. })) => {
            Meaning::Bands { alpha: matches!(extra[..], [1 | 2]) }
        }
        _ => Meaning::Bands { alpha: false },
    }
}

/// An error of the decoder, or one of ours.
enum Failed {
    Tiff(TiffError),
    Other(Error),
}

impl From<TiffError> for Failed {
    fn from(error: TiffError) -> Self {
        Self::Tiff(error)
    }
}

/// The samples, the channels of a pixel side by side, and the number of channels.
fn interleaved(
    decoder: &mut Decoder<Cursor<&[u8]>>,
    (height, width): (usize, usize),
    bits: u8,
    name: &str,
) -> Result<(Samples, usize), Failed> {
    let mut result = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut result)?;
    let samples = match result {
        DecodingResult::U8(values) if bits < 8 => Samples::Eight(unpacked(&values, (height, width), bits)),
        DecodingResult::U8(values) => Samples::Eight(values),
        DecodingResult::U16(values) => Samples::Sixteen(values),
        DecodingResult::U32(values) => Samples::Float(values.into_iter().map(|v| v as f32).collect()),
        DecodingResult::U64(values) => Samples::Float(values.into_iter().map(|v| v as f32).collect()),
        DecodingResult::F16(values) => Samples::Float(values.into_iter().map(|v| v.to_f32()).collect()),
        DecodingResult::F32(values) => Samples::Float(values),
        DecodingResult::F64(values) => Samples::Float(values.into_iter().map(|v| v as f32).collect()),
        DecodingResult::I8(values) => Samples::Float(values.into_iter().map(f32::from).collect()),
        DecodingResult::I16(values) => Samples::Float(values.into_iter().map(f32::from).collect()),
        DecodingResult::I32(values) => Samples::Float(values.into_iter().map(|v| v as f32).collect()),
        DecodingResult::I64(values) => Samples::Float(values.into_iter().map(|v| v as f32).collect()),
    };
    let count = match &samples {
        Samples::Eight(values) => values.len(),
        Samples::Sixteen(values) => values.len(),
        Samples::Float(values) => values.len(),
    };
    let pixels = height * width;
    let channels = count / pixels;
    if channels == 0 || channels > MAX_CHANNELS || channels * pixels != count {
        let what = format!("TIFF of {channels} bands");
        return Err(Failed::Other(Error::Unsupported { name: name.into(), what }));
    }
    if layout.planes <= 1 {
        return Ok((samples, channels));
    }
    Ok((
        match samples {
            Samples::Eight(values) => Samples::Eight(woven(&values, channels)),
            Samples::Sixteen(values) => Samples::Sixteen(woven(&values, channels)),
            Samples::Float(values) => Samples::Float(woven(&values, channels)),
        },
        channels,
    ))
}

/// Planes one after the other to channels side by side.
fn woven<T: Copy>(planes: &[T], channels: usize) -> Vec<T> {
    let pixels = planes.len() / channels;
    (0..planes.len()).map(|i| planes[(i % channels) * pixels + i / channels]).collect()
}

/// Samples of 1, 2 or 4 bits, whose rows begin at whole bytes.
fn unpacked(packed: &[u8], (height, width): (usize, usize), bits: u8) -> Vec<u8> {
    let bits = usize::from(bits.max(1));
    let row = (width * bits).div_ceil(8);
    let mask = (1u16 << bits) - 1;
    let sample = |y: usize, x: usize| {
        let byte = packed.get(y * row + x * bits / 8).copied().unwrap_or_default();
        (u16::from(byte) >> (8 - bits - x * bits % 8) & mask) as u8
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| sample(y, x)).collect()
}

fn depth(samples: &Samples) -> Depth {
    match samples {
        Samples::Eight(_) => Depth::Eight,
        Samples::Sixteen(_) => Depth::Sixteen,
        Samples::Float(_) => Depth::Float,
    }
}
