//! `consingan dehaze`: files, sizes, and what it refuses.

use candle_core::Device;
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use std::path::Path;
use tests::{asset, files, json, json_lines, names, refused, succeeds};
use train::files::read_tensors;

/// Settings that take a moment.
const QUICK: &str = "--niter 3 --max-size 40 --train-stages 2 --filters 4";

/// Blocks of many colours behind haze that grows to the right.
fn hazy(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let t = (-1.2 * f64::from(x) / f64::from(width)).exp();
        let block = (y / 4) * 31 + (x / 4) * 17;
        Rgb([0, 1, 2].map(|c| (f64::from(block * (c + 3) % 11) * 20.0 * t + 220.0 * (1.0 - t)) as u8))
    })
}

fn dehaze(dir: &Path, args: &str) {
    succeeds(dir, ["dehaze"].into_iter().chain(args.split_whitespace()).chain(QUICK.split_whitespace()));
}

#[test]
fn the_picture_behind_the_haze_has_its_size_and_more_contrast() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    hazy(97, 60).save(dir.join("hazy.png")).unwrap();
    dehaze(dir, "hazy.png");
    assert_eq!(
        names(&dir.join("dehazed")).into_iter().collect::<Vec<_>>(),
        ["hazy/", "hazy/A.json", "hazy/J.png", "hazy/t.png"]
    );
    let clear = image::open(dir.join("dehazed/hazy/J.png")).unwrap().to_rgb8();
    assert_eq!(clear.dimensions(), (97, 60));
    let darkest = |picture: &RgbImage| picture.enumerate_pixels().filter(|p| p.0 > 70).map(|p| p.2[0]).min();
    assert!(darkest(&clear).unwrap() + 40 < darkest(&hazy(97, 60)).unwrap());
    let t = image::open(dir.join("dehazed/hazy/t.png")).unwrap().to_luma8();
    assert!(t.get_pixel(5, 30)[0] > t.get_pixel(90, 30)[0] + 60, "there is more haze on the right");
    let airlight = &json(&dir.join("dehazed/hazy/A.json"))["A"];
    assert!(airlight.as_array().unwrap().iter().all(|a| (0.6..=1.0).contains(&a.as_f64().unwrap())));
    // However small the network's picture is, the result has the size of the input.
    hazy(120, 40).save(dir.join("wide.png")).unwrap();
    dehaze(dir, "wide.png --out wide");
    assert_eq!(image::open(dir.join("wide/J.png")).unwrap().to_rgb8().dimensions(), (120, 40));
    // The name is taken now.
    dehaze(dir, "hazy.png --method dcp");
    assert!(names(&dir.join("dehazed")).contains("hazy-2/J.png"));
}

#[test]
fn a_seed_gives_the_same_files_with_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    hazy(80, 60).save(dir.join("hazy.png")).unwrap();
    let run = |out: &str, args: &str| {
        dehaze(dir, &format!("hazy.png --format safetensors --out {out} {args}"));
        files(&dir.join(out))
    };
    let first = run("a", "--seed 5 --threads 1");
    assert!(run("b", "--seed 5 --threads 3") == first);
    assert!(run("c", "--seed 6")["t.safetensors"] != first["t.safetensors"]);
    let (tensors, _) = read_tensors(&dir.join("a/J.safetensors"), &Device::Cpu).unwrap();
    assert_eq!(tensors["image"].dims(), [1, 3, 60, 80]);
    let (tensors, _) = read_tensors(&dir.join("a/t.safetensors"), &Device::Cpu).unwrap();
    assert_eq!(tensors["transmission"].dims(), [1, 1, 60, 80]);
    let t = tensors["transmission"].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(t.iter().all(|t| (0.0..=1.0).contains(t)));
}

#[test]
fn gray_stays_gray_and_alpha_stays() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let rgb = DynamicImage::from(hazy(64, 48));
    let mut rgba = rgb.to_rgba8();
    rgba.enumerate_pixels_mut().for_each(|(x, y, p)| p[3] = (x + y) as u8);
    DynamicImage::from(rgb.to_luma8()).save(dir.join("gray.png")).unwrap();
    rgba.save(dir.join("rgba.png")).unwrap();
    for method in ["dcp", "multi-stage"] {
        dehaze(dir, &format!("gray.png --out gray-{method} --method {method}"));
        let gray = image::open(dir.join(format!("gray-{method}/J.png"))).unwrap();
        assert_eq!(gray.color(), image::ColorType::L8);
        dehaze(dir, &format!("rgba.png --out rgba-{method} --method {method}"));
        let out = image::open(dir.join(format!("rgba-{method}/J.png"))).unwrap().to_rgba8();
        assert!(out.pixels().zip(rgba.pixels()).all(|(a, b)| a[3] == b[3]));
    }
    let told = succeeds(dir, ["dehaze", "gray.png", "--json", "--niter", "0", "--out", "told"]);
    let value = &json_lines(&told.out)[0];
    assert_eq!(value["size"], serde_json::json!([48, 64]));
    assert_eq!(value["A"].as_array().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_dehazed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, level) in [("white.png", 255), ("fog.png", 217), ("black.png", 0)] {
        GrayImage::from_pixel(60, 50, Luma([level])).save(dir.join(name)).unwrap();
        for method in ["dcp", "multi-stage"] {
            let told = refused(dir, ["dehaze", name, "--method", method, "--out", "x"]);
            assert!(told.contains("nothing can be seen"), "{told}");
        }
    }
    hazy(60, 50).save(dir.join("hazy.png")).unwrap();
    hazy(60, 15).save(dir.join("low.png")).unwrap();
    std::fs::write(dir.join("file"), "x").unwrap();
    assert!(refused(dir, ["dehaze", "low.png"]).contains("16 pixels"));
    assert!(refused(dir, ["dehaze", "hazy.png", "--out", "file"]).contains("exists already"));
    for case in
        "missing.png|file|hazy.png --out file/below|hazy.png --out .|hazy.png --seed -1|hazy.png --niter -1\
        |hazy.png --niter 100001|hazy.png --max-size 0|hazy.png --max-size 1025|hazy.png --train-stages 0\
        |hazy.png --train-stages 9|hazy.png --filters 0|hazy.png --method magic|hazy.png --format bmp\
        |hazy.png --threads 0"
            .split('|')
    {
        refused(dir, ["dehaze"].into_iter().chain(case.split_whitespace()));
    }
    hazy(400, 20).save(dir.join("strip.png")).unwrap();
    assert!(refused(dir, ["dehaze", "strip.png"]).contains("--max-size"));
    refused(dir, ["dehaze", "hazy.png", "--out", ""]);
    refused(dir, ["dehaze"]);
    refused(
        dir,
        [Path::new("dehaze"), &asset("images/coffee.jpg"), Path::new("--max-size"), Path::new("20")],
    );
}
