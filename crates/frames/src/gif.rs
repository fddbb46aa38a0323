//! Writes animated GIFs. Each frame has its own palette of 256 colours; pixels of less than half opacity
//! become transparent.

use crate::Error;
use crate::timing::delay;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, ImageError, RgbaImage};
use pyramid::{Picture, Size};
use std::fs::File;
use std::io::{BufWriter, Error as IoError, Write};
use std::path::Path;

/// Writes frames of the size `(h, w)` to the file `to` and returns their number. Errors name `path`, the
/// final path of the file.
pub(crate) fn write<E: From<Error>>(
    frames: impl Iterator<Item = Result<Picture, E>>,
    (h, w): Size,
    fps: f64,
    to: &Path,
    path: &Path,
) -> Result<usize, E> {
    let io = Error::io(path);
    let encoding = |e: ImageError| io(IoError::other(e));
    let mut file = BufWriter::new(File::create(to).map_err(&io)?);
    // The encoder chooses the palette by every pixel of a small frame, and by fewer pixels of a large one.
    let speed = (h * w / 100_000).clamp(1, 10) as i32;
    let mut encoder = GifEncoder::new_with_speed(&mut file, speed);
    encoder.set_repeat(Repeat::Infinite).map_err(encoding)?;
    let mut count = 0;
    for frame in frames {
        let mut pixels = rgba(&frame?);
        // A GIF has no partial transparency. By default the encoder would show all pixels that are not fully
        // transparent.
        for pixel in pixels.chunks_exact_mut(4).filter(|pixel| pixel[3] < 128) {
            pixel.fill(0);
        }
        let image = RgbaImage::from_raw(w as u32, h as u32, pixels);
        let image = image.ok_or_else(|| io(IoError::other("a frame is too large")))?;
        let delay = Delay::from_numer_denom_ms(10 * delay(count, fps, 100.0), 1);
        encoder.encode_frame(Frame::from_parts(image, 0, 0, delay)).map_err(encoding)?;
        count += 1;
    }
    drop(encoder);
    file.flush().map_err(&io)?;
    Ok(count)
}

/// The pixels of a frame as RGBA bytes, row by row.
pub(crate) fn rgba(frame: &Picture) -> Vec<u8> {
    frame.widened(4).to_u8().into_raw_vec_and_offset().0
}
