//! The TIFF files that the crate `image` does not read: other pages than the first, gray floats, signed and 32-bit
//! integers, palettes, L*a*b*, and up to 16 bands.

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

/// Gives samples of less than 8 bits the range of bytes.
fn widen_range(raw: &mut Raw, bits: u8) {
    if let Samples::Eight(values) = &mut raw.samples
        && bits < 8
    {
        let most = (1u16 << bits.max(1)) - 1;
        values.iter_mut().for_each(|v| *v = (u16::from(*v) * 255 / most) as u8);
    }
}

/// Makes the picture upright, for an orientation of 1 to 8 as in EXIF.
fn turn(raw: &mut Raw, orientation: u16) {
    if !(2..=8).contains(&orientation) {
        return;
    }
    let (h, w, channels) = raw.shape;
    let (new_h, new_w) = if orientation >= 5 { (w, h) } else { (h, w) };
    let from = |y: usize, x: usize| match orientation {
        2 => (y, w - 1 - x),
        3 => (h - 1 - y, w - 1 - x),
        4 => (h - 1 - y, x),
        5 => (x, y),
        6 => (h - 1 - x, y),
        7 => (h - 1 - x, w - 1 - y),
        _ => (x, w - 1 - y),
    };
    let places: Vec<usize> = (0..new_h * new_w)
        .flat_map(|at| {
            let (y, x) = from(at / new_w, at % new_w);
            (0..channels).map(move |c| (y * w + x) * channels + c)
        })
        .collect();
    match &mut raw.samples {
        Samples::Eight(values) => *values = places.iter().map(|&at| values[at]).collect(),
        Samples::Sixteen(values) => *values = places.iter().map(|&at| values[at]).collect(),
        Samples::Float(values) => *values = places.iter().map(|&at| values[at]).collect(),
    }
    raw.shape = (new_h, new_w, channels);
}

fn depth(samples: &Samples) -> Depth {
    match samples {
        Samples::Eight(_) => Depth::Eight,
        Samples::Sixteen(_) => Depth::Sixteen,
        Samples::Float(_) => Depth::Float,
    }
}

/// Replaces the samples by RGB in [0, 1] of the same depth.
fn convert(raw: &mut Raw, colour: impl Fn(&[f32]) -> [f32; 3]) {
    let channels = raw.shape.2;
    let values: Vec<f32> = (0..raw.count()).map(|index| raw.sample(index) as f32).collect();
    let rgb: Vec<f32> = values.chunks_exact(channels).flat_map(colour).collect();
    raw.samples = match raw.depth {
        Depth::Eight => Samples::Eight(rgb.iter().map(|v| (v * 255.0).round() as u8).collect()),
        Depth::Sixteen => Samples::Sixteen(rgb.iter().map(|v| (v * 65_535.0).round() as u16).collect()),
        Depth::Float => Samples::Float(rgb),
    };
    raw.shape.2 = 3;
    // The profile is that of the colours before.
    raw.profile = None;
}

/// Replaces indices by the colours of a palette: all reds, then all greens, then all blues, of 16 bits.
fn coloured(raw: &mut Raw, palette: &[u16]) {
    let Samples::Eight(indices) = &raw.samples else { return };
    let colours = palette.len() / 3;
    let value =
        |index: u8, c: usize| palette.get(c * colours + usize::from(index)).copied().unwrap_or_default();
    let rgb: Vec<u8> =
        indices.iter().flat_map(|&index| [0, 1, 2].map(|c| (value(index, c) >> 8) as u8)).collect();
    raw.samples = Samples::Eight(rgb);
    raw.shape.2 = 3;
}

/// sRGB in [0, 1] of L*a*b* with the white point D50, stored in units of full scale.
fn srgb_of_lab(stored: &[f32], signed: bool) -> [f32; 3] {
    let axis = |v: f32| {
        let byte = v * 255.0;
        match signed {
            // Two's complement, and with 16 bits a fraction of 8 bits.
            true if byte > 127.5 => byte - 256.0,
            true => byte,
            false => byte - 128.0,
        }
    };
    let (l, a, b) = (stored[0] * 100.0, axis(stored[1]), axis(stored[2]));
    let y = (l + 16.0) / 116.0;
    let linear = |t: f32| if t > 6.0 / 29.0 { t.powi(3) } else { (t - 4.0 / 29.0) * 108.0 / 841.0 };
    let xyz = [0.964_22 * linear(y + a / 500.0), linear(y), 0.825_21 * linear(y - b / 200.0)];
    // XYZ of D50 to linear sRGB, whose white is D65, adapted after Bradford.
    let matrix = [
        [3.133_856, -1.616_866_7, -0.490_614_6],
        [-0.978_768_4, 1.916_141_5, 0.033_454],
        [0.071_945_3, -0.228_991_4, 1.405_242_7],
    ];
    matrix.map(|row: [f32; 3]| {
        let v = row.iter().zip(&xyz).map(|(m, v)| m * v).sum::<f32>().clamp(0.0, 1.0);
        if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
    })
}

/// The file with another PhotometricInterpretation in the directory at `start`; `None` where there is none.
fn with_photometric(bytes: &[u8], start: usize, value: u16) -> Option<Vec<u8>> {
    let little = bytes.starts_with(b"II");
    let big = bytes.get(if little { 2 } else { 3 })? == &0x2b;
    let number = |at: usize, len: usize| {
        let bytes = bytes.get(at..at.checked_add(len)?)?;
        let join = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) })
    };
    let (count, first, entry, at_value) =
        if big { (number(start, 8)?, start + 8, 20, 12) } else { (number(start, 2)?, start + 2, 12, 8) };
    let at = (0..count as usize)
        .map_while(|index| first.checked_add(index.checked_mul(entry)?))
        .find(|&at| number(at, 2) == Some(262))?
        + at_value;
    let mut patched = bytes.to_vec();
    let value = if little { value.to_le_bytes() } else { value.to_be_bytes() };
    patched.get_mut(at..at + 2)?.copy_from_slice(&value);
    Some(patched)
}
