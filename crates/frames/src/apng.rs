//! Writes animated PNGs with the crate `png`. The number of frames stands before the first, so that it is filled in at
//! the end, with its checksum.

use crate::Error;
use crate::timing::delay;
use png::{BitDepth, ColorType, Encoder, EncodingError};
use pyramid::Picture;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Error as IoError, Read, Result as IoResult, Seek, SeekFrom, Write};
use std::path::Path;

/// Frames are shown for multiples of this part of a second.
const UNIT: f64 = 1000.0;

/// Writes frames of the same size and number of channels to the file `to` and returns their number. Errors name `path`, the
/// final path of the file.
pub(crate) fn write<E: From<Error>>(
    mut frames: impl Iterator<Item = Result<Picture, E>>,
    fps: f64,
    to: &Path,
    path: &Path,
) -> Result<usize, E> {
    let io = Error::io(path);
    let encoding = |e: EncodingError| io(IoError::other(e));
    let first = frames.next().ok_or(Error::NoFrame)??;
    let side = |n: usize| u32::try_from(n).map_err(|_| io(IoError::other("too large for a PNG")));
    let (height, width) = (side(first.size().0)?, side(first.size().1)?);
    let file = BufWriter::new(File::create(to).map_err(&io)?);
    let mut encoder = Encoder::new(file, width, height);
    encoder.set_color(
        [ColorType::Grayscale, ColorType::GrayscaleAlpha, ColorType::Rgb, ColorType::Rgba]
            [first.channels() - 1],
    );
    encoder.set_depth(BitDepth::Eight);
    encoder.set_animated(MOST, 0).map_err(encoding)?;
    let mut writer = encoder.write_header().map_err(encoding)?;
    let mut count = 0;
    for frame in std::iter::once(Ok(first)).chain(frames) {
        let frame = frame?;
        let shown = delay(count, fps, UNIT).min(u16::MAX.into()) as u16;
        writer.set_frame_delay(shown, UNIT as u16).map_err(encoding)?;
        let values = frame.to_u8().into_raw_vec_and_offset().0;
        writer.write_image_data(&values).map_err(encoding)?;
        count += 1;
    }
    // Dropped without its end, because it would miss the frames that were announced and not written.
    drop(writer);
    complete(to, count as u32).map_err(&io)?;
    Ok(count)
}

/// The number of frames that is announced before the true one is known.
const MOST: u32 = 1 << 30;

/// Writes the number of frames into the animation's header, and the end of the file.
fn complete(file: &Path, count: u32) -> IoResult<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(file)?;
    // The signature (8 bytes) and IHDR (25) come first; of acTL the length (4), the name (4), frames and repetitions.
    let mut head = vec![0; 256];
    let read = file.read(&mut head)?;
    let start = head[..read].windows(4).position(|name| name == b"acTL");
    let start = start.ok_or_else(|| IoError::other("the encoder wrote no animation"))?;
    let mut chunk = b"acTL".to_vec();
    chunk.extend(count.to_be_bytes());
    chunk.extend(0u32.to_be_bytes());
    let checksum = crc32(&chunk);
    chunk.extend(checksum.to_be_bytes());
    file.seek(SeekFrom::Start(start as u64))?;
    file.write_all(&chunk)?;
    const END: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82];
    file.seek(SeekFrom::End(-12))?;
    let mut last = [0; 12];
    file.read_exact(&mut last)?;
    if last != END {
        file.write_all(&END)?;
    }
    file.flush()
}

/// The checksum of a chunk, as the PNG specification defines it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}
