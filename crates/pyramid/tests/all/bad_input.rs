//! Invalid files and arrays are refused quickly, each with a clear error of one line.

use std::time::{Duration, Instant};

use image::ImageFormat;
use ndarray::Array3;
use pyramid::{Error, Picture, decode, load};

use crate::files::{asset, encode, picture, png, png_data, png_header, tiff};

/// The error of a result, after a check that its message is one line that gives no advice.
fn refused(result: Result<Picture, Error>) -> Error {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains(['\n', ';']) && !text.contains("--") && text.len() < 300, "{text}");
    error
}

#[test]
fn missing_empty_and_other_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let missing = refused(load(&path("missing.png")));
    assert!(matches!(missing, Error::NotFound { name } if name.ends_with("missing.png")));
    assert!(matches!(refused(load(directory.path())), Error::Directory { .. }));
    std::fs::write(path("empty.png"), b"").unwrap();
    assert!(matches!(refused(load(&path("empty.png"))), Error::Empty { .. }));
    assert!(matches!(refused(load(&path("empty.png/inside.png"))), Error::NotFound { .. }));
    std::fs::write(path("text.jpg"), "Dear diary,").unwrap();
    assert!(matches!(refused(load(&path("text.jpg"))), Error::NotAPicture { .. }));
    assert!(matches!(refused(decode(&[])), Error::Empty { .. }));
}

#[test]
fn pictures_of_other_formats_are_named() {
    let error = refused(decode(b"\0\0\0\x18ftypheic\0\0\0\0"));
    assert!(matches!(&error, Error::Unsupported { .. }) && error.to_string().contains("HEIC"), "{error}");
    assert!(matches!(refused(decode(b"P6 2 2 255\n............")), Error::Unsupported { .. }));
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_locked_files_are_refused() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe.png");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let start = Instant::now();
    assert!(matches!(refused(load(&pipe)), Error::NotAFile { .. }));
    assert!(matches!(refused(load("/dev/zero".as_ref())), Error::NotAFile { .. }));
    assert!(start.elapsed() < Duration::from_secs(1));

    let locked = directory.path().join("locked.png");
    std::fs::write(&locked, encode(&picture(3, 3), ImageFormat::Png)).unwrap();
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    // The superuser can read every file, so the check is skipped for that user.
    if std::fs::File::open(&locked).is_err() {
        assert!(matches!(refused(load(&locked)), Error::Permission { .. }));
    }
}

#[test]
fn a_large_file_that_is_not_a_picture_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sparse.png");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(pyramid::MAX_FILE_BYTES).unwrap();
    let start = Instant::now();
    assert!(matches!(refused(load(&path)), Error::NotAPicture { .. }));
    file.set_len(pyramid::MAX_FILE_BYTES + 1).unwrap();
    assert!(matches!(refused(load(&path)), Error::TooManyBytes { .. }));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn too_many_pixels_are_refused_before_they_are_allocated() {
    let start = Instant::now();
    let huge = png(&[png_header(60000, 60000, 2), png_data(&[0; 100])]);
    let error = refused(decode(&huge));
    assert!(matches!(error, Error::TooManyPixels { width: 60000, height: 60000, .. }), "{error}");
    let mut jpeg = encode(&picture(8, 8), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    assert!(matches!(refused(decode(&jpeg)), Error::TooManyPixels { .. }));
    let mut gif = encode(&picture(8, 8), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert!(matches!(refused(decode(&gif)), Error::TooManyPixels { .. }));
    let mut bmp = encode(&picture(8, 8), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0, 0xEA, 0, 0, 0, 0xEA, 0, 0]);
    refused(decode(&bmp));
    refused(decode(&tiff(60000, 60000, 8, 1, 1, &[0; 100])));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_truncated_jpeg_is_refused() {
    for name in ["coffee.jpg", "rocket.jpg", "summer-palace.jpg"] {
        let jpeg = std::fs::read(asset(name)).unwrap();
        let step = jpeg.len() / 400;
        let last = jpeg.len() - 40..jpeg.len();
        for length in (20..jpeg.len()).step_by(step).chain(20..700).chain(last) {
            let error = refused(decode(&jpeg[..length]));
            assert!(
                matches!(error, Error::Truncated { format: "JPEG", .. }),
                "{name} cut to {length}: {error}"
            );
        }
        // An interrupted download that reserved its space in advance ends with zeros.
        let mut zeros = jpeg.clone();
        zeros[jpeg.len() / 2..].fill(0);
        assert!(matches!(refused(decode(&zeros)), Error::Truncated { .. }));
    }
}

/// A truncated file is refused, or gives exactly the same picture if no pixel needs the missing bytes.
#[test]
fn a_truncated_file_of_any_format_never_gives_another_picture() {
    let image = picture(21, 17);
    let packed: Vec<u8> = (0..200).flat_map(|i| [0xFF, i as u8]).collect();
    let float: Vec<u8> = (0..60).flat_map(|i| (i as f32 / 60.0).to_le_bytes()).collect();
    for (what, bytes, spare_bytes) in [
        ("PNG", encode(&image, ImageFormat::Png), 0),
        ("GIF", encode(&image, ImageFormat::Gif), 1),
        ("WebP", encode(&image, ImageFormat::WebP), 0),
        ("BMP", encode(&image, ImageFormat::Bmp), 3),
        ("TIFF", encode(&image, ImageFormat::Tiff), 4),
        ("packed TIFF", tiff(20, 20, 8, 1, 32773, &packed), 0),
        ("float TIFF", tiff(5, 4, 32, 3, 1, &float), 0),
        ("JPEG", encode(&image, ImageFormat::Jpeg), 0),
    ] {
        let whole = decode(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        for length in 1..bytes.len() {
            match decode(&bytes[..length]) {
                Ok(cut) => {
                    assert!(cut == whole, "{what} cut to {length} of {} is another picture", bytes.len());
                    assert!(length + spare_bytes >= bytes.len(), "{what} cut to {length} of {}", bytes.len());
                }
                error if length > 16 => {
                    let error = refused(error);
                    let expected = matches!(error, Error::Truncated { .. });
                    assert!(expected, "{what} cut to {length} of {}: {error}", bytes.len());
                }
                error => drop(refused(error)),
            }
        }
    }
}

/// Files with randomly changed bytes are refused or give some picture, without a panic and within a short
/// time.
#[test]
fn damaged_files_do_not_panic() {
    let image = picture(21, 17);
    let mut state = 1u64;
    let mut random = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let formats = [
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::Jpeg,
    ];
    for format in formats {
        let bytes = encode(&image, format);
        for _ in 0..1500 {
            let mut broken = bytes.clone();
            for _ in 0..1 + random(4) {
                let reach = if random(2) == 0 { bytes.len() } else { bytes.len().min(120) };
                broken[random(reach)] = random(256) as u8;
            }
            let start = Instant::now();
            if let Err(error) = decode(&broken) {
                refused(Err(error));
            }
            assert!(start.elapsed() < Duration::from_secs(3), "{format:?}");
        }
    }
}

#[test]
fn floats_that_are_not_finite_are_refused() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let values: Vec<u8> = [0.5, bad, 0.5].iter().flat_map(|v| v.to_le_bytes()).collect();
        let error = refused(decode(&tiff(1, 1, 32, 3, 1, &values)));
        assert!(matches!(error, Error::Samples { .. }), "{bad}: {error}");
    }
}

#[test]
fn invalid_arrays_are_refused() {
    for shape in [(0, 3, 3), (3, 0, 3), (3, 3, 0), (3, 3, 17)] {
        assert!(matches!(Picture::from_pixels(Array3::zeros(shape)), Err(Error::Shape { .. })));
        assert!(matches!(Picture::from_u8(Array3::zeros(shape).view()), Err(Error::Shape { .. })));
    }
    let mut pixels = Array3::zeros((2, 2, 1));
    pixels[[1, 1, 0]] = f32::NAN;
    assert!(matches!(Picture::from_pixels(pixels.clone()), Err(Error::Samples { .. })));
    pixels[[1, 1, 0]] = f32::INFINITY;
    assert_eq!(Picture::from_pixels(pixels).unwrap().pixels()[[1, 1, 0]], 1.0);
}

#[test]
fn paths_that_cannot_be_written_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let picture = Picture::from_u8(Array3::zeros((2, 2, 3)).view()).unwrap();
    for path in [directory.path().join("none/out.png"), "..".into(), directory.path().into()] {
        let error = picture.save_png(&path).unwrap_err();
        assert!(matches!(error, Error::File(_)), "{error}");
    }
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}
