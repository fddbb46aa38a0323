//! Whether a file is as long as its own structure says, for each format.
//!
//! Decoders stop reading at the last pixel they need, or paint over what is missing. Here only headers and lengths are
//! followed, no pixel is decoded; what is complete may still be damaged, and the decoder tells.

use image::ImageFormat;

use crate::jpeg;

/// False if the file certainly ends before its picture does.
pub(crate) fn is_complete(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg::reaches_end(bytes),
        ImageFormat::Png => png_reaches_end(bytes),
        ImageFormat::Gif => gif_has_a_frame(bytes).is_some(),
        ImageFormat::WebP => riff_length(bytes).is_some_and(|length| length <= bytes.len() as u64),
        ImageFormat::Tiff => tiff_strips_end(bytes).is_some_and(|end| end <= bytes.len() as u64),
        // A BMP is rows of plain bytes; its decoder misses every one.
        _ => true,
    }
}

/// A PNG is a chain of chunks (length, type, data, checksum) up to one of type IEND.
fn png_reaches_end(bytes: &[u8]) -> bool {
    let mut position = 8;
    while let Some(head) = bytes.get(position..position + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let last = &head[4..] == b"IEND";
        match position.checked_add(length).and_then(|end| end.checked_add(12)) {
            Some(end) if end <= bytes.len() => position = end,
            _ => return false,
        }
        if last {
            return true;
        }
    }
    false
}

/// Walks a GIF to the end of its first frame; `None` if the file ends before.
fn gif_has_a_frame(bytes: &[u8]) -> Option<()> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut position = 13 + table(*bytes.get(10)?);
    loop {
        let kind = *bytes.get(position)?;
        match kind {
            0x21 => position = skip_blocks(bytes, position + 2)?,
            0x2C => {
                let flags = *bytes.get(position + 9)?;
                return skip_blocks(bytes, position + 11 + table(flags)).map(|_| ());
            }
            // The end of the file or nonsense: the decoder's to judge.
            _ => return Some(()),
        }
    }
}

/// The position behind a chain of blocks, each with its length in front and the last of length zero.
fn skip_blocks(bytes: &[u8], mut position: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(position)?);
        position += length + 1;
        if length == 0 {
            return Some(position);
        }
    }
}

/// The length of a whole RIFF file by its header.
fn riff_length(bytes: &[u8]) -> Option<u64> {
    let length = bytes.get(4..8)?;
    Some(u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]])) + 8)
}

/// Where the last strip or tile of a TIFF's first picture ends; `None` if its directory is not in the file.
///
/// A decoder reads strips wherever they lie and may find a compressed one good enough without its end.
fn tiff_strips_end(bytes: &[u8]) -> Option<u64> {
    let big = bytes.starts_with(b"MM");
    let number = |at: u64, size: u64| -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let field = bytes.get(at..at.checked_add(size as usize)?)?;
        let digit = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if big { field.iter().fold(0, digit) } else { field.iter().rev().fold(0, digit) })
    };
    if number(2, 2)? != 42 {
        // The 64 bit variant has another directory, left to the decoder.
        return Some(0);
    }
    let directory = number(4, 4)?;
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for entry in 0..number(directory, 2)? {
        let at = directory + 2 + 12 * entry;
        let (tag, kind, count) = (number(at, 2)?, number(at + 2, 2)?, number(at + 4, 4)?);
        let list = match tag {
            273 | 324 => &mut offsets,
            279 | 325 => &mut lengths,
            _ => continue,
        };
        if !list.is_empty() {
            // A tag stands in a directory once; a hostile one could make us collect the file over and over.
            continue;
        }
        let size = if kind == 3 { 2 } else { 4 };
        // Up to four bytes stand in the entry itself, more wherever it points.
        let values = if count * size <= 4 { at + 8 } else { number(at + 8, 4)? };
        for i in 0..count {
            list.push(number(values + size * i, size)?);
        }
    }
    Some(offsets.iter().zip(&lengths).map(|(offset, length)| offset + length).max().unwrap_or(0))
}
