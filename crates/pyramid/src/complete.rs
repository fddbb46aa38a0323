//! Checks for each format whether a file is as long as its own headers say.
//!
//! This is needed because decoders stop reading at the last pixel they need, or fill missing pixels with a
//! colour. Only headers and lengths are read here, and no pixel is decoded. A complete file may still be
//! damaged, which the decoder notices.

use image::ImageFormat;

use crate::jpeg;

/// Whether the file contains the whole picture. False only if the end of the file is certainly missing.
pub(crate) fn is_complete(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg::reaches_end(bytes),
        ImageFormat::Png => png_reaches_end(bytes),
        ImageFormat::Gif => gif_has_a_frame(bytes).is_some(),
        ImageFormat::WebP => riff_length(bytes).is_some_and(|length| length <= bytes.len() as u64),
        ImageFormat::Tiff => tiff_strips_end(bytes).is_some_and(|end| end <= bytes.len() as u64),
        // A BMP consists of rows of uncompressed bytes, and its decoder notices if any of them is missing.
        _ => true,
    }
}

/// Whether the chunks of a PNG (length, type, data, checksum) reach a chunk of type IEND.
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

/// Follows the blocks of a GIF to the end of its first frame; `None` if the file ends before that.
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
            // This is the end of the file or an invalid block, which the decoder will report.
            _ => return Some(()),
        }
    }
}

/// The position after a chain of blocks. Each block starts with its length, and the last one has the length
/// zero.
fn skip_blocks(bytes: &[u8], mut position: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(position)?);
        position += length + 1;
        if length == 0 {
            return Some(position);
        }
    }
}

/// The length in bytes that a RIFF file has according to its header.
fn riff_length(bytes: &[u8]) -> Option<u64> {
    let length = bytes.get(4..8)?;
    Some(u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]])) + 8)
}

/// The position where the last strip or tile of the first picture of a TIFF ends; `None` if its directory is
/// not in the file.
///
/// This check is needed because a decoder may accept a compressed strip whose end is missing.
fn tiff_strips_end(bytes: &[u8]) -> Option<u64> {
    let big = bytes.starts_with(b"MM");
    let number = |position: u64, size: u64| -> Option<u64> {
        let start = usize::try_from(position).ok()?;
        let field = bytes.get(start..start.checked_add(size as usize)?)?;
        let digit = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if big { field.iter().fold(0, digit) } else { field.iter().rev().fold(0, digit) })
    };
    if number(2, 2)? != 42 {
        // The 64-bit variant of TIFF has a different directory, which only the decoder checks.
        return Some(0);
    }
    let directory = number(4, 4)?;
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for entry in 0..number(directory, 2)? {
        let start = directory + 2 + 12 * entry;
        let (tag, kind, count) = (number(start, 2)?, number(start + 2, 2)?, number(start + 4, 4)?);
        let list = match tag {
            273 | 324 => &mut offsets,
            279 | 325 => &mut lengths,
            _ => continue,
        };
        if !list.is_empty() {
            // A tag may occur only once in a directory. A malicious file could repeat it to make this loop
            // collect the same values many times.
            continue;
        }
        let size = if kind == 3 { 2 } else { 4 };
        // Values of up to four bytes in total are stored in the entry itself; otherwise it contains their
        // position.
        let values = if count * size <= 4 { start + 8 } else { number(start + 8, 4)? };
        for i in 0..count {
            list.push(number(values + size * i, size)?);
        }
    }
    Some(offsets.iter().zip(&lengths).map(|(offset, length)| offset + length).max().unwrap_or(0))
}
