//! Writes animated WebPs. The encoder of the `image` crate makes lossless still pictures; this module writes
//! the container around them.
//!
//! A file is a RIFF container of chunks, as described in Google's WebP Container Specification: VP8X
//! (features and size of the canvas), ANIM (background and number of loops), and one ANMF per frame.

use crate::Error;
use crate::timing::delay;
use image::ExtendedColorType;
use image::codecs::webp::WebPEncoder;
use pyramid::Picture;
use std::fs::File;
use std::io::{BufWriter, Error as IoError, Result as IoResult, Seek, SeekFrom, Write};
use std::path::Path;

/// Writes frames of the same size and number of channels to the file `to` and returns their number. Errors
/// name `path`, the final path of the file.
pub(crate) fn write<E: From<Error>>(
    frames: impl Iterator<Item = Result<Picture, E>>,
    fps: f64,
    to: &Path,
    path: &Path,
) -> Result<usize, E> {
    let io = Error::io(path);
    let mut file = BufWriter::new(File::create(to).map_err(&io)?);
    let mut count = 0;
    for frame in frames {
        let frame = frame?;
        if count == 0 {
            file.write_all(&head(&frame)).map_err(&io)?;
        }
        let chunk = animation_frame(&frame, delay(count, fps, 1000.0)).map_err(&io)?;
        file.write_all(&chunk).map_err(&io)?;
        count += 1;
    }
    // The size field counts the bytes that follow it.
    let length = file.stream_position().map_err(&io)?;
    let size =
        u32::try_from(length - 8).map_err(|_| io(IoError::other("a WebP cannot have more than 4 GiB")))?;
    file.seek(SeekFrom::Start(4)).and_then(|_| file.write_all(&size.to_le_bytes())).map_err(&io)?;
    file.flush().map_err(&io)?;
    Ok(count)
}

/// The chunks before the frames. The size of the file is 0 here and filled in at the end.
fn head(frame: &Picture) -> Vec<u8> {
    const ANIMATION: u8 = 0x02;
    const ALPHA: u8 = 0x10;
    let flags = ANIMATION | if has_alpha(frame) { ALPHA } else { 0 };
    let mut extended = vec![flags, 0, 0, 0];
    extended.extend(canvas(frame));
    // The background is transparent; 0 loops means that the animation loops forever.
    [b"RIFF\0\0\0\0WEBP".as_slice(), &chunk(b"VP8X", &extended), &chunk(b"ANIM", &[0; 6])].concat()
}

/// An ANMF chunk: position, size and duration of the frame, the flag that it replaces the frame before, and
/// the chunk of the still picture.
fn animation_frame(frame: &Picture, milliseconds: u32) -> IoResult<Vec<u8>> {
    const DO_NOT_BLEND: u8 = 0x02;
    let (h, w) = frame.size();
    let (channels, colour) =
        if has_alpha(frame) { (4, ExtendedColorType::Rgba8) } else { (3, ExtendedColorType::Rgb8) };
    let pixels = frame.widened(channels).to_u8().into_raw_vec_and_offset().0;
    let mut still = Vec::new();
    WebPEncoder::new_lossless(&mut still)
        .encode(&pixels, w as u32, h as u32, colour)
        .map_err(IoError::other)?;
    let image = still.get(12..).filter(|chunk| chunk.starts_with(b"VP8L"));
    let image = image.ok_or_else(|| IoError::other("the encoder gave no simple WebP"))?;

    let mut content = vec![0; 6];
    content.extend(canvas(frame));
    content.extend(&milliseconds.min(0xff_ffff).to_le_bytes()[..3]);
    content.push(DO_NOT_BLEND);
    content.extend(image);
    Ok(chunk(b"ANMF", &content))
}

/// A chunk of a RIFF file, padded to an even length.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = [name.as_slice(), &(content.len() as u32).to_le_bytes(), content].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// Width minus 1 and height minus 1, in three bytes each.
fn canvas(frame: &Picture) -> [u8; 6] {
    let (h, w) = frame.size();
    let [a, b, c, _] = (w as u32 - 1).to_le_bytes();
    let [d, e, f, _] = (h as u32 - 1).to_le_bytes();
    [a, b, c, d, e, f]
}

fn has_alpha(frame: &Picture) -> bool {
    frame.channels().is_multiple_of(2)
}
