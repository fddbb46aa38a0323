//! Animations as files: GIF, animated WebP, or a directory of numbered PNGs.
//!
//! A GIF has 256 colours a frame, chosen anew for each, and a pixel is there or not: what is less than half opaque is left
//! out. A WebP is lossless in colours and alpha. Both loop forever.

mod webp;

use crate::{Error, Result};
use image::codecs::gif;
use image::{Delay, Frame, ImageError, RgbaImage};
use pyramid::{Picture, Size};
use std::fs::File;
use std::io::{BufWriter, Error as IoError, Write};
use std::path::{Path, PathBuf};

/// What an animation is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFormat {
    /// A GIF that loops.
    Gif,
    /// A lossless animated WebP that loops.
    Webp,
    /// A directory of `frame-0000.png` and so on.
    Png,
}

impl FrameFormat {
    /// All formats.
    pub const ALL: [FrameFormat; 3] = [FrameFormat::Gif, FrameFormat::Webp, FrameFormat::Png];

    /// The name on the command line, and of a file the extension.
    pub fn name(self) -> &'static str {
        match self {
            FrameFormat::Gif => "gif",
            FrameFormat::Webp => "webp",
            FrameFormat::Png => "png",
        }
    }

    /// The format of that name or extension, in capitals too.
    pub fn from_name(name: &str) -> Option<Self> {
        FrameFormat::ALL.into_iter().find(|f| f.name().eq_ignore_ascii_case(name))
    }

    /// The format that a path's extension names.
    pub fn from_extension(path: &Path) -> Option<Self> {
        path.extension().and_then(|e| e.to_str()).and_then(FrameFormat::from_name)
    }

    /// The largest rate that it can express, frames a second. Viewers slow down GIFs with shorter delays than 2/100 s.
    pub fn fastest(self) -> f64 {
        match self {
            FrameFormat::Gif => 50.0,
            FrameFormat::Webp | FrameFormat::Png => 1000.0,
        }
    }

    /// The longest side that it can hold, pixels.
    fn largest(self) -> usize {
        match self {
            FrameFormat::Gif => 65_535,
            FrameFormat::Webp => 16_384,
            FrameFormat::Png => usize::MAX,
        }
    }

    fn check(self, fps: f64, size: Size) -> Result<()> {
        if !(SLOWEST..=self.fastest()).contains(&fps) {
            let expected = format!("between {SLOWEST} and {} for {}", self.fastest(), self.name());
            return Err(Error::Value { name: "fps", value: fps.to_string(), expected });
        }
        if size.0.max(size.1) > self.largest() {
            let expected = format!("at most {} a side for {}", self.largest(), self.name());
            return Err(Error::Value { name: "size", value: format!("{}x{}", size.0, size.1), expected });
        }
        Ok(())
    }
}

/// The smallest rate, frames a second.
const SLOWEST: f64 = 0.1;

/// Writes frames to `path`, `fps` of them a second (which PNGs do not tell), and returns how many. They are taken one by
/// one, so that an animation of any length needs the memory of one frame. All have the size and the channels of the first.
/// What is at `path` is replaced by the whole file, or stays where something fails; a directory must not be there yet.
///
/// # Errors
/// The first that `frames` gives; [`Error::Value`] without a frame, for sizes that differ or that the format cannot hold,
/// and for an `fps` outside 0.1 to [`FrameFormat::fastest`]; [`Error::Io`].
pub fn write_frames(
    frames: impl IntoIterator<Item = Result<Picture>>,
    fps: f64,
    format: FrameFormat,
    path: &Path,
) -> Result<usize> {
    let mut frames = frames.into_iter();
    let first = frames.next().transpose()?;
    let first = first.ok_or_else(|| unlike("0", "at least one".into()))?;
    let kind = (first.size(), first.channels());
    format.check(fps, kind.0)?;
    let alike = frames.map(|frame| {
        let frame = frame?;
        let ((h, w), c) = (frame.size(), frame.channels());
        if ((h, w), c) == kind {
            return Ok(frame);
        }
        let ((fh, fw), fc) = kind;
        Err(unlike(&format!("{h}x{w}x{c}"), format!("{fh}x{fw}x{fc} like the first")))
    });
    let frames = std::iter::once(Ok(first)).chain(alike);

    let io = |source| Error::Io { path: path.to_path_buf(), source };
    let temporary = temporary(path).ok_or_else(|| io(IoError::other("is no name for a file")))?;
    let written = match format {
        FrameFormat::Gif => write_gif(frames, kind.0, fps, &temporary, &io),
        FrameFormat::Webp => webp::write(frames, fps, &temporary, &io),
        FrameFormat::Png => write_pngs(frames, &temporary, &io),
    };
    let result = written.and_then(|count| std::fs::rename(&temporary, path).map(|()| count).map_err(io));
    if result.is_err() {
        // The first error is the one to tell; what was never made cannot be removed either.
        let _ = match format {
            FrameFormat::Png => std::fs::remove_dir_all(&temporary),
            _ => std::fs::remove_file(&temporary),
        };
    }
    result
}

fn unlike(value: &str, expected: String) -> Error {
    Error::Value { name: "frames", value: value.into(), expected }
}

fn temporary(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy();
    Some(path.with_file_name(format!(".{name}.{}.tmp", std::process::id())))
}

/// How long frame `index` is shown, in `unit` parts of a second, so that the ends of all frames are rounded, not their
/// lengths: the rate is right in the long run.
fn delay(index: usize, fps: f64, unit: f64) -> u32 {
    let end = |frames: usize| (frames as f64 * unit / fps).round();
    (end(index + 1) - end(index)) as u32
}

type Io<'a> = &'a dyn Fn(IoError) -> Error;

fn write_gif(
    frames: impl Iterator<Item = Result<Picture>>,
    (h, w): Size,
    fps: f64,
    path: &Path,
    io: Io<'_>,
) -> Result<usize> {
    let encoding = |e: ImageError| io(IoError::other(e));
    let mut file = BufWriter::new(File::create(path).map_err(io)?);
    // The palette is learnt from every pixel of a small frame, from fewer of a large one.
    let speed = (h * w / 100_000).clamp(1, 10) as i32;
    let mut encoder = gif::GifEncoder::new_with_speed(&mut file, speed);
    encoder.set_repeat(gif::Repeat::Infinite).map_err(encoding)?;
    let mut count = 0;
    for frame in frames {
        let mut pixels = rgba(&frame?);
        // A pixel is there or not; by itself the encoder would show all that are not wholly transparent.
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
    file.flush().map_err(io)?;
    Ok(count)
}

/// The frame in RGBA bytes.
fn rgba(frame: &Picture) -> Vec<u8> {
    frame.widened(4).to_u8().into_raw_vec_and_offset().0
}

fn write_pngs(frames: impl Iterator<Item = Result<Picture>>, path: &Path, io: Io<'_>) -> Result<usize> {
    std::fs::create_dir(path).map_err(io)?;
    let mut count = 0;
    for frame in frames {
        frame?.save_png(&path.join(format!("frame-{count:04}.png")))?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::AnimationDecoder;
    use image::codecs::webp::WebPDecoder;
    use ndarray::Array3;
    use std::io::BufReader;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    /// A gradient that moves; alpha rises from left to right.
    fn frames(count: usize, channels: usize) -> Vec<Picture> {
        let value = |k: usize, x: usize, y: usize, c: usize| match (channels % 2, c + 1 == channels) {
            (0, true) => x as f32 / 15.0 - 1.0,
            _ => ((x * (c + 1) + y + 3 * k) % 32) as f32 / 16.0 - 1.0,
        };
        let frame = |k| Array3::from_shape_fn((21, 31, channels), |(y, x, c)| value(k, x, y, c));
        (0..count).map(|k| Picture::from_pixels(frame(k)).expect("a picture")).collect()
    }

    fn decoded(path: &Path, format: FrameFormat) -> image::ImageResult<Vec<Frame>> {
        let file = BufReader::new(File::open(path)?);
        match format {
            FrameFormat::Gif => gif::GifDecoder::new(file)?.into_frames().collect_frames(),
            _ => WebPDecoder::new(file)?.into_frames().collect_frames(),
        }
    }

    #[test]
    fn webps_come_back_exactly_and_gifs_nearly() -> Outcome {
        let dir = tempfile::tempdir()?;
        for channels in 1..=4 {
            for (format, fps, delays) in
                [(FrameFormat::Gif, 12.0, [80, 90, 80]), (FrameFormat::Webp, 60.0, [17, 16, 17])]
            {
                let path = dir.path().join(format!("{channels}.{}", format.name()));
                assert_eq!(FrameFormat::from_extension(&path), Some(format));
                let pictures = frames(3, channels);
                assert_eq!(write_frames(pictures.iter().cloned().map(Ok), fps, format, &path)?, 3);
                let found = decoded(&path, format)?;
                assert_eq!(found.len(), 3);
                for ((picture, frame), delay) in pictures.iter().zip(found).zip(delays) {
                    assert_eq!(frame.delay().numer_denom_ms(), (delay, 1));
                    let expected = rgba(picture);
                    let found = frame.into_buffer().into_raw();
                    assert_eq!(found.len(), expected.len());
                    if format == FrameFormat::Webp {
                        assert_eq!(found, expected, "{channels} channels");
                        continue;
                    }
                    let mut apart = 0;
                    for (a, b) in found.chunks_exact(4).zip(expected.chunks_exact(4)) {
                        assert_eq!(a[3], if b[3] < 128 { 0 } else { 255 });
                        if b[3] >= 128 {
                            apart += (0..3).map(|c| usize::from(a[c].abs_diff(b[c]))).sum::<usize>();
                        }
                    }
                    let mean = apart as f64 / (3 * 21 * 31) as f64;
                    assert!(mean < 12.0, "{channels} channels: {mean}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn pngs_are_numbered_in_a_directory() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("frames");
        let pictures = frames(2, 3);
        write_frames(pictures.iter().cloned().map(Ok), 10.0, FrameFormat::Png, &path)?;
        for (k, picture) in pictures.iter().enumerate() {
            let found = pyramid::load(&path.join(format!("frame-000{k}.png")))?;
            assert_eq!(found.to_u8(), picture.to_u8());
        }
        assert_eq!(std::fs::read_dir(dir.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn what_fails_leaves_nothing_behind() -> Outcome {
        let dir = tempfile::tempdir()?;
        for format in FrameFormat::ALL {
            let path = dir.path().join("x");
            let write = |frames: Vec<Result<Picture>>, fps| {
                let error = write_frames(frames, fps, format, &path).expect_err("an error");
                assert_eq!(std::fs::read_dir(dir.path()).map(Iterator::count).ok(), Some(0), "{error}");
                error.to_string()
            };
            let good = |n| frames(n, 3).into_iter().map(Ok).collect::<Vec<_>>();
            let mut mixed = good(2);
            mixed.extend(frames(1, 4).into_iter().map(Ok));
            let mut failing = good(2);
            failing.push(Err(unlike("7", "other".into())));
            assert!(write(mixed, 10.0).contains("21x31x4"));
            assert!(write(failing, 10.0).contains("frames is 7"));
            assert!(write(Vec::new(), 10.0).contains("at least one"));
            for fps in [0.0, -1.0, f64::NAN, f64::INFINITY, 2000.0] {
                assert!(write(good(1), fps).contains("fps"));
            }
        }
        Ok(())
    }
}
