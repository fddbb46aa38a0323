//! Precision, range and colour profile of a picture are those of its results.

use consingan::{Depth, Encoding, Picture, Reading, load_with};
use ndarray::Array3;
use pyramid::FileFormat;
use std::path::Path;
use tests::{names, refused, succeeds};

/// Waves of many different values.
fn waves(channels: usize) -> Picture {
    let value =
        |(y, x, c): (usize, usize, usize)| ((x as f32 / 5.0 + c as f32).sin() + (y as f32 / 7.0).cos()) / 2.0;
    Picture::from_pixels(Array3::from_shape_fn((60, 80, channels), value)).unwrap()
}

fn write(path: &Path, picture: &Picture, format: FileFormat, encoding: Encoding) {
    std::fs::write(path, picture.to_file(format, &encoding, None).unwrap()).unwrap();
}

fn encoding_of(path: &Path) -> Encoding {
    load_with(path, &Reading::default()).unwrap().encoding
}

fn tiny(dir: &Path, picture: &str, more: &[&str]) -> String {
    let base = ["train", picture, "--out", "run", "--niter", "2", "--max-size", "48", "--train-stages", "2"];
    succeeds(dir, base.iter().chain(&["--filters", "8"]).chain(more).copied()).err
}

#[test]
fn sixteen_bits_stay_sixteen_bits() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(&dir.join("deep.png"), &waves(1), FileFormat::Png16, Encoding::full(Depth::Sixteen));
    tiny(dir, "deep.png", &[]);
    succeeds(dir, ["sample", "run", "-n1", "--out", "own"]);
    let sample = image::open(dir.join("own/sample-0000.png")).unwrap();
    assert_eq!(sample.color(), image::ColorType::L16);
    let samples = sample.to_luma16().into_raw();
    assert!(samples.iter().any(|v| v % 257 != 0), "all samples are ones of 8 bits");
    // What is lost is said.
    let told = succeeds(dir, ["sample", "run", "-n1", "--out", "small", "--format", "png"]);
    assert!(told.err.contains("8 bits") && told.err.contains("png16"), "{}", told.err);
    let told = succeeds(dir, ["upscale", "deep.png", "--niter", "1", "--out", "large.png"]);
    assert_eq!(image::open(dir.join("large.png")).unwrap().color(), image::ColorType::L16);
    assert!(!told.err.contains("8 bits"), "{}", told.err);
}

#[test]
fn a_height_map_comes_back_in_its_own_range() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let meters = Encoding { depth: Depth::Float, low: -12.0, high: 840.0, knee: None };
    write(&dir.join("height.tif"), &waves(1), FileFormat::Tiff, meters);
    let told = tiny(dir, "height.tif", &[]);
    assert!(told.contains("stretched"), "{told}");
    for (format, name) in [("tiff", "reconstruction.tiff"), ("exr", "reconstruction.exr")] {
        succeeds(dir, ["sample", "run", "--reconstruction", "--format", format, "--out", format]);
        let found = encoding_of(&dir.join(format).join(name));
        assert!(found.depth == Depth::Float && found.low >= -12.01 && found.high <= 840.01, "{found:?}");
        // A network that has learnt nothing yet gives the middle of the range.
        assert!(found.high > 300.0, "{found:?}");
    }
    assert!(names(&dir.join("tiff")).contains("reconstruction.tiff"));
    // Twelve bits in a file of sixteen.
    let twelve = Encoding { depth: Depth::Sixteen, low: 0.0, high: 4095.0 / 65_535.0, knee: None };
    write(&dir.join("twelve.png"), &waves(3), FileFormat::Png16, twelve);
    succeeds(dir, ["upscale", "twelve.png", "--niter", "1", "--out", "twelve-x2.png"]);
    let found = encoding_of(&dir.join("twelve-x2.png"));
    assert!(!found.is_full() && found.high <= twelve.high, "{found:?}");
}

#[test]
fn colour_profiles_are_carried_to_every_result() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut profile = vec![5; 300];
    profile[16..20].copy_from_slice(b"RGB ");
    let file = waves(3).to_file(FileFormat::Png, &Encoding::default(), Some(&profile)).unwrap();
    std::fs::write(dir.join("wide.png"), file).unwrap();
    tiny(dir, "wide.png", &[]);
    succeeds(dir, ["sample", "run", "-n1", "--out", "samples"]);
    succeeds(dir, ["upscale", "wide.png", "--niter", "1", "--out", "large.webp"]);
    succeeds(dir, ["dehaze", "wide.png", "--niter", "0", "--out", "clear"]);
    for made in ["samples/sample-0000.png", "large.webp", "clear/J.png"] {
        let found = load_with(&dir.join(made), &Reading::default()).unwrap().profile;
        assert_eq!(found.as_ref(), Some(&profile), "{made}");
    }
}

#[test]
fn satellite_bands_are_one_picture() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(&dir.join("bands.tif"), &waves(7), FileFormat::Tiff, Encoding::full(Depth::Sixteen));
    tiny(dir, "bands.tif", &[]);
    succeeds(dir, ["sample", "run", "-n2", "--out", "samples"]);
    let sample = load_with(&dir.join("samples/sample-0001.tiff"), &Reading::default()).unwrap();
    assert_eq!((sample.picture.channels(), sample.encoding.depth), (7, Depth::Sixteen));
    let err = refused(dir, ["upscale", "bands.tif", "--niter", "1", "--out", "large.png"]);
    assert!(err.contains("7") && err.contains("TIFF"), "{err}");
    let err = refused(dir, ["train", "bands.tif", "--page", "2", "--out", "other"]);
    assert!(err.contains("no page 2"), "{err}");
}
