//! Aligned pictures are generated together and come apart under their names.

use consingan::{Picture, load};
use ndarray::{Array3, Axis};
use std::collections::BTreeSet;
use std::path::Path;
use tests::{json, names, refused, succeeds};

/// A colour picture, its normals, and a mask of three labels, of 60 x 44 pixels.
fn material(dir: &Path) {
    let wave = |y: usize, x: usize| ((x as f32 / 5.0).sin(), (y as f32 / 4.0).cos());
    let albedo = Array3::from_shape_fn((44, 60, 3), |(y, x, c)| wave(y, x).0 * 0.3 * c as f32);
    let normal = Array3::from_shape_fn((44, 60, 3), |(y, x, c)| {
        let (a, b) = wave(y, x);
        [a, b, 1.0][c] / (a * a + b * b + 1.0).sqrt()
    });
    let mask = Array3::from_shape_fn((44, 60, 1), |(y, x, _)| [-1.0, 0.2, 1.0][(x / 9 + y / 8) % 3]);
    for (name, pixels) in [("albedo", albedo), ("normal", normal), ("mask", mask)] {
        Picture::from_pixels(pixels).unwrap().save_png(dir.join(name).with_extension("png")).unwrap();
    }
}

fn train(dir: &Path, task: &str) {
    let base = ["train", "albedo.png", "--with", "normal.png", "--with", "mask.png:labels", "--out", "run"];
    let small = ["--niter", "2", "--max-size", "48", "--train-stages", "2", "--filters", "8", "--task", task];
    succeeds(dir, base.iter().chain(&small).copied());
}

#[test]
fn every_command_writes_aligned_pictures_apart() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    material(dir);
    train(dir, "generation");
    assert_eq!(json(&dir.join("run/run.json"))["maps"][2]["name"], "mask");
    succeeds(dir, ["sample", "run", "-n2", "--out", "samples"]);
    let expected: BTreeSet<String> = ["sample-0000", "sample-0001", "sheet"]
        .iter()
        .flat_map(|stem| ["albedo", "normal", "mask"].map(|name| format!("{stem}-{name}.png")))
        .collect();
    assert_eq!(names(&dir.join("samples")), expected);
    let values = |picture: &Picture| picture.to_u8().into_iter().collect::<BTreeSet<u8>>();
    let mask = load(&dir.join("samples/sample-0001-mask.png")).unwrap();
    assert!(values(&mask).is_subset(&values(&load(&dir.join("mask.png")).unwrap())), "labels are chosen");
    let normal = load(&dir.join("samples/sample-0001-normal.png")).unwrap();
    for pixel in normal.pixels().lanes(Axis(2)) {
        let length = pixel.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 0.02, "normals have unit length, not {length}");
    }
    succeeds(dir, ["animate", "run", "--frames", "2", "--out", "moving.gif"]);
    succeeds(dir, ["paint", "run", "albedo.png", "--out", "painted"]);
    for made in ["moving-mask.gif", "moving-normal.gif", "painted/painted-0000-mask.png"] {
        assert!(dir.join(made).is_file(), "{made}");
    }
    let scores = succeeds(dir, ["evaluate", "run", "-n2", "--json"]).out;
    let scores: serde_json::Value = serde_json::from_str(&scores).unwrap();
    assert!(scores["others"]["mask"]["patch_realism"].is_number(), "{scores}");
    assert!(scores["alignment"].is_number() && scores["floor"]["alignment"].is_number(), "{scores}");
    assert!(succeeds(dir, ["inspect", "run"]).out.contains("9 channels"));
}

#[test]
fn aligned_pictures_are_retouched_together() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    material(dir);
    train(dir, "harmonization");
    for name in ["albedo", "normal", "mask"] {
        let mut image = image::open(dir.join(name).with_extension("png")).unwrap().to_rgb8();
        let cut = image::imageops::crop_imm(&image, 2, 2, 12, 12).to_image();
        image::imageops::replace(&mut image, &cut, 30, 20);
        let image = image::DynamicImage::from(image);
        let image = if name == "mask" { image.to_luma8().into() } else { image };
        image.save(dir.join(format!("{name}-changed.png"))).unwrap();
    }
    let err = refused(dir, ["harmonize", "run", "albedo-changed.png"]);
    assert!(err.contains("normal, mask") && err.contains("--with"), "{err}");
    let with = ["--with", "normal-changed.png", "--with", "mask-changed.png", "--out", "made"];
    succeeds(dir, ["harmonize", "run", "albedo-changed.png"].iter().chain(&with).copied());
    let made = names(&dir.join("made"));
    for name in ["result-albedo.png", "result-normal.png", "result-mask.png", "mask.png"] {
        assert!(made.contains(name), "{made:?}");
    }
}

#[test]
fn pictures_that_are_not_aligned_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    material(dir);
    tests::picture(61, 44).save(dir.join("wider.png")).unwrap();
    let with = |file: &'static str| refused(dir, ["train", "albedo.png", "--out", "run", "--with", file]);
    assert!(with("wider.png").contains("one size"));
    assert!(with("albedo.png").contains("called albedo"));
    assert!(with("mask.png:normals").contains("three channels"));
    assert!(with("mask.png:label").contains("labels, normals or colour"));
    tests::picture(60, 44).save(dir.join("many.png")).unwrap();
    assert!(with("many.png:labels").contains("labels"));
    assert!(!dir.join("run").exists());
}
