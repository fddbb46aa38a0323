//! What is written comes back: every format, number of channels and range.

use super::*;
use crate::{Loaded, Reading, load_with};
use std::path::Path;

/// A picture with many different values.
fn varied(channels: usize) -> Result<Picture, Error> {
    let value = |(y, x, c): (usize, usize, usize)| ((x * 37 + y * 211 + c * 97) % 1999) as f32 / 1100.0 - 0.9;
    Picture::from_pixels(Array3::from_shape_fn((20, 30, channels), value))
}

fn read(bytes: &[u8], like: Option<Encoding>) -> Result<Loaded, Error> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("picture");
    std::fs::write(&path, bytes).expect("a file");
    load_with(Path::new(&path), &Reading { like, ..Reading::default() })
}

fn most_different(a: &Picture, b: &Picture) -> f32 {
    (&a.pixels() - &b.pixels()).fold(0.0f32, |most, d| most.max(d.abs()))
}

#[test]
fn every_format_comes_back_as_exactly_as_it_can() -> Result<(), Error> {
    for channels in [1, 2, 3, 4, 5, 7, 16] {
        let picture = varied(channels)?;
        for (format, tolerance) in [
            (FileFormat::Png, 0.004),
            (FileFormat::Png16, 2e-5),
            (FileFormat::Tiff, 2e-5),
            (FileFormat::Exr, 1e-6),
            (FileFormat::Webp, 0.004),
        ] {
            let file = picture.to_file(format, &Encoding::default(), None);
            if channels > format.most_channels() {
                assert!(file.is_err(), "{format:?} of {channels}");
                continue;
            }
            let found = read(&file?, None)?.picture;
            let expected = if format == FileFormat::Webp { picture.widened(3) } else { picture.clone() };
            assert_eq!(expected.channels(), found.channels(), "{format:?} of {channels}");
            let most = most_different(&expected, &found);
            assert!(most <= tolerance, "{format:?} of {channels}: {most}");
        }
        let jpeg = picture.to_file(FileFormat::Jpeg, &Encoding::default(), None);
        assert_eq!(jpeg.is_err(), has_alpha(channels) || channels > 4, "JPEG of {channels}");
    }
    Ok(())
}

#[test]
fn ranges_come_back() -> Result<(), Error> {
    let ranges =
        [(Depth::Sixteen, 0.0, 4095.0 / 65_535.0), (Depth::Float, -12.5, 843.0), (Depth::Float, 0.2, 0.3)];
    for (depth, low, high) in ranges {
        let encoding = Encoding { depth, low, high, knee: None };
        let mut pixels = varied(3)?.into_pixels();
        (pixels[[0, 0, 0]], pixels[[1, 0, 0]]) = (-1.0, 1.0);
        let picture = Picture::from_pixels(pixels)?;
        let own = FileFormat::keeping(&encoding, 3);
        let found = read(&picture.to_file(own, &encoding, None)?, None)?;
        assert!(
            (found.encoding.low - low).abs() < 1e-6 && (found.encoding.high - high).abs() < 1e-4,
            "{found:?}"
        );
        assert!(most_different(&picture, &found.picture) < 4e-4);
        // A file of less precision is stretched, and means the same for who knows the range.
        let small = picture.to_file(FileFormat::Png, &encoding, None)?;
        let found = read(&small, Some(encoding))?;
        assert!(most_different(&picture, &found.picture) < 0.004);
    }
    Ok(())
}

#[test]
fn a_gradient_of_sixteen_bits_keeps_all_its_levels() -> Result<(), Error> {
    let level = |(y, x, _): (usize, usize, usize)| ((y * 256 + x) as f64 / 32_767.5 - 1.0) as f32;
    let gradient = Picture::from_pixels(Array3::from_shape_fn((256, 256, 1), level))?;
    let encoding = Encoding::full(Depth::Sixteen);
    for format in [FileFormat::Png16, FileFormat::Tiff] {
        let found = read(&gradient.to_file(format, &encoding, None)?, None)?;
        assert_eq!(found.encoding, encoding);
        let levels: std::collections::BTreeSet<u16> = found.picture.to_u16(&encoding).into_iter().collect();
        assert_eq!(levels.len(), 65_536, "{format:?}");
    }
    Ok(())
}

#[test]
fn profiles_are_carried() -> Result<(), Error> {
    let mut profile = vec![7; 200];
    profile[16..20].copy_from_slice(b"RGB ");
    let picture = varied(3)?;
    for format in [FileFormat::Png, FileFormat::Png16, FileFormat::Tiff, FileFormat::Webp, FileFormat::Jpeg] {
        let file = picture.to_file(format, &Encoding::default(), Some(&profile))?;
        assert_eq!(read(&file, None)?.profile.as_ref(), Some(&profile), "{format:?}");
    }
    // It is one for colours, not for gray.
    let gray = varied(1)?.to_file(FileFormat::Png, &Encoding::default(), Some(&profile))?;
    assert_eq!(read(&gray, None)?.profile, None);
    Ok(())
}

#[test]
fn files_that_are_written_by_rows_have_the_pixels_of_the_whole() -> Result<(), Error> {
    for channels in [1, 2, 3, 4, 7] {
        let picture = varied(channels)?;
        let formats =
            [FileFormat::Png, FileFormat::Png16, FileFormat::Tiff, FileFormat::Exr, FileFormat::Webp];
        for (format, depth) in
            formats.into_iter().zip([Depth::Eight, Depth::Sixteen, Depth::Float, Depth::Float, Depth::Eight])
        {
            let encoding = Encoding::full(depth);
            let file = RowFile { format, encoding, profile: None, size: picture.size(), channels };
            let mut bytes = Cursor::new(Vec::new());
            let written = file.write(&mut bytes, |sink| -> Result<(), Error> {
                for first in (0..20).step_by(6) {
                    let rows =
                        picture.pixels().slice(ndarray::s![first..20.min(first + 6), .., ..]).to_owned();
                    sink.write(&Picture::from_pixels(rows)?)?;
                }
                Ok(())
            });
            let whole = picture.to_file(format, &encoding, None);
            if whole.is_err() {
                assert!(written.is_err(), "{format:?} of {channels}");
                continue;
            }
            written?;
            let (found, expected) = (read(bytes.get_ref(), None)?, read(&whole?, None)?);
            assert_eq!(found.picture, expected.picture, "{format:?} of {channels}");
        }
    }
    Ok(())
}

#[test]
fn a_small_version_is_the_mean_of_blocks() -> Result<(), Error> {
    let picture = varied(3)?;
    let mut shrunk = Shrunk::new((20, 30), 3, 8);
    for first in [0, 7, 14] {
        let rows = picture.pixels().slice(ndarray::s![first..20.min(first + 7), .., ..]).to_owned();
        shrunk.add(&Picture::from_pixels(rows)?);
    }
    let small = shrunk.picture();
    assert_eq!(small.size(), (5, 8));
    let mean = picture.pixels().slice(ndarray::s![4..8, 8..12, 1..2]).mean().unwrap_or(9.0);
    assert!((small.pixels()[[1, 2, 1]] - mean).abs() < 1e-6);
    // The last block has two columns only.
    let mean = picture.pixels().slice(ndarray::s![16..20, 28..30, 0..1]).mean().unwrap_or(9.0);
    assert!((small.pixels()[[4, 7, 0]] - mean).abs() < 1e-6);
    Ok(())
}
