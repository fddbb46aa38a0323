//! Writes frames one by one to a file or directory, atomically.

use crate::{Error, Format, apng, gif, webp};
use pyramid::Picture;
use std::path::Path;

/// Writes frames to `path`, to be shown at `fps` frames per second, and returns their number.
///
/// Frames are taken one by one, so that an animation of any length needs the memory of only one frame. All
/// must have the size and the number of channels of the first. An existing file at `path` is replaced when
/// the new one is complete, and kept if an error occurs; for [`Format::Png`], `path` must not exist yet, and
/// `fps` is not stored.
///
/// # Errors
/// The first error that `frames` gives; [`Error::NoFrame`] and [`Error::Unlike`]; [`Error::Range`] for frames
/// that are too large for the format and for an `fps` outside 0.1 to [`Format::fastest`]; [`Error::Io`],
/// [`Error::File`], [`Error::Picture`].
pub fn write<E: From<Error>>(
    frames: impl IntoIterator<Item = Result<Picture, E>>,
    fps: f64,
    format: Format,
    path: &Path,
) -> Result<usize, E> {
    let mut frames = frames.into_iter();
    let first = frames.next().ok_or(Error::NoFrame)??;
    let size = first.size();
    format.check(fps, size).map_err(Error::from)?;
    let shape = first.pixels().dim();
    let checked = frames.enumerate().map(|(index, frame)| {
        let frame = frame?;
        match frame.pixels().dim() {
            found if found == shape => Ok(frame),
            found => Err(Error::Unlike { index: index + 1, found, first: shape }.into()),
        }
    });
    let frames = std::iter::once(Ok(first)).chain(checked);
    let written = match format {
        Format::Gif => files::write_with(path, |temporary| {
            gif::write(frames, size, fps, temporary, path).map_err(Failure::Frame)
        }),
        Format::Webp => files::write_with(path, |temporary| {
            webp::write(frames, fps, temporary, path).map_err(Failure::Frame)
        }),
        Format::Apng => files::write_with(path, |temporary| {
            apng::write(frames, fps, temporary, path).map_err(Failure::Frame)
        }),
        Format::Png => {
            files::make_directory(path, |temporary| pngs(frames, temporary).map_err(Failure::Frame))
        }
    };
    written.map_err(|failure| match failure {
        Failure::File(error) => Error::from(error).into(),
        Failure::Frame(error) => error,
    })
}

/// An error while frames are written: of the file or directory, or of the caller's frames and their encoding.
enum Failure<E> {
    File(files::Error),
    Frame(E),
}

impl<E> From<files::Error> for Failure<E> {
    fn from(error: files::Error) -> Self {
        Self::File(error)
    }
}

/// Writes the frames as numbered PNG files to the directory `path` and returns their number.
fn pngs<E: From<Error>>(frames: impl Iterator<Item = Result<Picture, E>>, path: &Path) -> Result<usize, E> {
    let mut count = 0;
    for frame in frames {
        frame?.save_png(path.join(format!("frame-{count:04}.png"))).map_err(Error::from)?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gif::rgba;
    use image::codecs::gif::GifDecoder;
    use image::codecs::webp::WebPDecoder;
    use image::{AnimationDecoder, Frame};
    use ndarray::Array3;
    use std::fs::File;
    use std::io::BufReader;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    /// Frames of a moving gradient; alpha increases from left to right.
    fn frames(count: usize, channels: usize) -> Vec<Picture> {
        let value = |k: usize, x: usize, y: usize, c: usize| match (channels % 2, c + 1 == channels) {
            (0, true) => x as f32 / 15.0 - 1.0,
            _ => ((x * (c + 1) + y + 3 * k) % 32) as f32 / 16.0 - 1.0,
        };
        let frame = |k| Array3::from_shape_fn((21, 31, channels), |(y, x, c)| value(k, x, y, c));
        (0..count).map(|k| Picture::from_pixels(frame(k)).expect("a picture")).collect()
    }

    fn decoded(path: &Path, format: Format) -> image::ImageResult<Vec<Frame>> {
        let file = BufReader::new(File::open(path)?);
        match format {
            Format::Gif => GifDecoder::new(file)?.into_frames().collect_frames(),
            _ => WebPDecoder::new(file)?.into_frames().collect_frames(),
        }
    }

    #[test]
    fn webp_is_lossless_and_gif_is_close() -> Outcome {
        let dir = tempfile::tempdir()?;
        for channels in 1..=4 {
            for (format, fps, delays) in
                [(Format::Gif, 12.0, [80, 90, 80]), (Format::Webp, 60.0, [17, 16, 17])]
            {
                let path = dir.path().join(format!("{channels}.{}", format.name()));
                assert_eq!(Format::from_extension(&path), Some(format));
                let pictures = frames(3, channels);
                assert_eq!(write(pictures.iter().cloned().map(Ok::<_, Error>), fps, format, &path)?, 3);
                let found = decoded(&path, format)?;
                assert_eq!(found.len(), 3);
                for ((picture, frame), delay) in pictures.iter().zip(found).zip(delays) {
                    assert_eq!(frame.delay().numer_denom_ms(), (delay, 1));
                    let expected = rgba(picture);
                    let found = frame.into_buffer().into_raw();
                    assert_eq!(found.len(), expected.len());
                    if format == Format::Webp {
                        assert_eq!(found, expected, "{channels} channels");
                        continue;
                    }
                    let mut difference = 0;
                    for (a, b) in found.chunks_exact(4).zip(expected.chunks_exact(4)) {
                        assert_eq!(a[3], if b[3] < 128 { 0 } else { 255 });
                        if b[3] >= 128 {
                            difference += (0..3).map(|c| usize::from(a[c].abs_diff(b[c]))).sum::<usize>();
                        }
                    }
                    let mean = difference as f64 / (3 * 21 * 31) as f64;
                    assert!(mean < 12.0, "{channels} channels: {mean}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn apng_is_lossless_and_knows_its_frames() -> Outcome {
        let dir = tempfile::tempdir()?;
        for channels in 1..=4 {
            let path = dir.path().join(format!("{channels}.apng"));
            let pictures = frames(3, channels);
            write(pictures.iter().cloned().map(Ok::<_, Error>), 12.0, Format::Apng, &path)?;
            let decoder = image::codecs::png::PngDecoder::new(BufReader::new(File::open(&path)?))?;
            let found = decoder.apng()?.into_frames().collect_frames()?;
            assert_eq!(found.len(), 3);
            for ((picture, frame), delay) in pictures.iter().zip(found).zip([83, 84, 83]) {
                assert_eq!(frame.delay().numer_denom_ms(), (delay, 1));
                assert_eq!(frame.into_buffer().into_raw(), rgba(picture), "{channels} channels");
            }
        }
        Ok(())
    }

    #[test]
    fn pngs_are_numbered_in_a_directory() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("frames");
        let pictures = frames(2, 3);
        write(pictures.iter().cloned().map(Ok::<_, Error>), 10.0, Format::Png, &path)?;
        for (k, picture) in pictures.iter().enumerate() {
            let found = pyramid::load(&path.join(format!("frame-000{k}.png")))?;
            assert_eq!(found.to_u8(), picture.to_u8());
        }
        assert_eq!(std::fs::read_dir(dir.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_failed_write_leaves_no_files() -> Outcome {
        let dir = tempfile::tempdir()?;
        for format in Format::ALL {
            let path = dir.path().join("x");
            let write = |frames: Vec<Result<Picture, Error>>, fps| {
                let error = write(frames, fps, format, &path).expect_err("an error");
                assert_eq!(std::fs::read_dir(dir.path()).map(Iterator::count).ok(), Some(0), "{error}");
                error.to_string()
            };
            let good = |n| frames(n, 3).into_iter().map(Ok).collect::<Vec<_>>();
            let mut mixed = good(2);
            mixed.extend(frames(1, 4).into_iter().map(Ok));
            let mut failing = good(2);
            failing.push(Err(Error::Unlike { index: 7, found: (1, 2, 3), first: (4, 5, 6) }));
            assert!(write(mixed, 10.0).contains("21x31x4"));
            assert!(write(failing, 10.0).contains("frame 7 is 1x2x3, it must be 4x5x6"));
            assert!(write(Vec::new(), 10.0).contains("at least one"));
            for fps in [0.0, -1.0, f64::NAN, f64::INFINITY, 2000.0] {
                assert!(write(good(1), fps).contains("fps"));
            }
        }
        Ok(())
    }
}
