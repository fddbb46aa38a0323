//! `consingan sample`: sizes, stages, seeds and files.

use candle_core::Device;
use image::{ColorType, DynamicImage, GenericImageView};
use std::path::Path;
use tests::{colourful, files, json_lines, names, picture, refused, succeeds, tiny_run};
use train::files::read_tensors;
use train::{Control, Event, Pace, Run};

/// Samples in `dir` from `run` into `out`, and opens what came first.
fn sample(dir: &Path, out: &str, args: &[&str]) -> DynamicImage {
    succeeds(dir, ["sample", "run", "--out", out].iter().chain(args));
    let name = if args.contains(&"--reconstruction") { "reconstruction.png" } else { "sample-0000.png" };
    image::open(dir.join(out).join(name)).unwrap()
}

/// Height and width.
fn size(image: &DynamicImage) -> (u32, u32) {
    (image.height(), image.width())
}

/// Mean absolute difference.
fn difference(a: &DynamicImage, b: &DynamicImage) -> f64 {
    assert_eq!(size(a), size(b));
    let sum: f64 = a.as_bytes().iter().zip(b.as_bytes()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / a.as_bytes().len() as f64
}

#[test]
fn a_seed_gives_the_same_pictures_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // After less training all samples are the same gray in 8 bits.
    tiny_run(dir, "run", &["--niter", "30"]);
    let draw = |out: &str, args: &[&str]| {
        succeeds(dir, ["sample", "run", "--out", out].iter().chain(args));
        files(&dir.join(out))
    };
    let four = draw("a", &["-n", "4", "--seed", "9"]);
    assert_eq!(
        four.keys().collect::<Vec<_>>(),
        ["sample-0000.png", "sample-0001.png", "sample-0002.png", "sample-0003.png", "sheet.png"]
    );
    assert!(draw("b", &["-n", "4", "--seed", "9", "--threads", "1"]) == four);
    // A picture does not depend on how many there are.
    let two = draw("c", &["-n", "2", "--seed", "9", "--threads", "3"]);
    assert!(two["sample-0001.png"] == four["sample-0001.png"] && two["sheet.png"] != four["sheet.png"]);
    assert!(draw("d", &["-n", "1", "--seed", "10"])["sample-0000.png"] != four["sample-0000.png"]);
    assert!(four["sample-0000.png"] != four["sample-0001.png"]);
}

#[test]
fn sizes_are_what_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    assert_eq!(size(&sample(dir, "as-trained", &["-n1"])), (34, 40));
    for (h, w) in [(34, 80), (57, 31), (101, 203), (5, 5)] {
        let wanted = format!("{h}x{w}");
        assert_eq!(size(&sample(dir, &wanted, &["-n1", "--size", &wanted])), (h, w));
    }
    assert_eq!(size(&sample(dir, "scaled", &["-n1", "--scale", "1.5x0.9"])), (51, 36));
    assert_eq!(size(&sample(dir, "doubled", &["-n1", "--scale", "2x1"])), (68, 40));
    assert_eq!(size(&sample(dir, "first", &["-n1", "--stages", "1"])), (25, 30));
    assert_eq!(size(&sample(dir, "rec", &["--reconstruction", "--size", "60x70"])), (60, 70));
    assert_eq!(names(&dir.join("rec")).len(), 1);
}

/// 9 million pixels: their features are computed and written a few rows at a time.
#[test]
fn large_samples_are_written_in_strips() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &["--niter", "30"]);
    let large = sample(dir, "large", &["-n1", "--size", "3000x3010"]);
    assert_eq!(size(&large), (3000, 3010));
    assert!(large.as_bytes().iter().any(|v| *v != large.as_bytes()[0]));
    let sheet = image::open(dir.join("large/sheet.png")).unwrap();
    assert!(sheet.width() < 600 && sheet.height() < 600, "{:?}", size(&sheet));
    refused(dir, ["sample", "run", "-n1", "--size", "16384x16385", "--out", "no"]);
}

#[test]
fn start_stage_keeps_what_is_below() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &["--niter", "30", "--train-stages", "3"]);
    let reconstruction = sample(dir, "rec", &["--reconstruction"]);
    let from = |stage: &str, seed: &str| {
        sample(dir, &format!("{stage}-{seed}"), &["-n1", "--start-stage", stage, "--seed", seed])
    };
    // From the last stage on nothing is fresh.
    assert_eq!(difference(&from("3", "1"), &reconstruction), 0.0);
    let first = from("1", "1");
    let (far, near) = (difference(&from("0", "1"), &reconstruction), difference(&first, &reconstruction));
    assert!(near > 0.0 && near < 0.5 * far, "{near} of {far}");
    assert!(difference(&first, &from("1", "2")) > 0.0);
}

#[test]
fn the_tensor_is_the_picture() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    let png = sample(dir, "png", &["-n1", "--size", "30x50"]).to_rgb8();
    succeeds(dir, ["sample", "run", "-n1", "--size", "30x50", "--format", "safetensors", "--out", "raw"]);
    let (tensors, _) = read_tensors(&dir.join("raw/sample-0000.safetensors"), &Device::Cpu).unwrap();
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["image"]);
    assert_eq!(tensors["image"].dims(), [1, 3, 30, 50]);
    let values = tensors["image"].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(values.iter().all(|v| (-1.0..=1.0).contains(v)));
    for (x, y, pixel) in png.enumerate_pixels() {
        for (c, byte) in pixel.0.into_iter().enumerate() {
            let value = values[(c * 30 + y as usize) * 50 + x as usize];
            assert_eq!(((value + 1.0) * 127.5).round() as u8, byte, "channel {c} at {x}, {y}");
        }
    }
}

#[test]
fn channels_stay_those_of_the_picture() {
    let rgba = DynamicImage::from(colourful(48, 40));
    for (image, color, channels) in [
        (DynamicImage::from(picture(48, 40)).to_luma8().into(), ColorType::L8, 1),
        (rgba.to_luma_alpha8().into(), ColorType::La8, 2),
        (rgba, ColorType::Rgba8, 4),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        image.save(dir.join("tiny.png")).unwrap();
        let run = tiny_run(dir, "run", &[]);
        assert_eq!(Run::open(&run).unwrap().info.channels, channels);
        assert_eq!(sample(dir, "out", &["-n1"]).color(), color);
        assert_eq!(image::open(dir.join("out/sheet.png")).unwrap().color(), color);
        succeeds(dir, ["sample", "run", "--reconstruction", "--format", "safetensors", "--out", "raw"]);
        let (tensors, _) = read_tensors(&dir.join("raw/reconstruction.safetensors"), &Device::Cpu).unwrap();
        assert_eq!(tensors["image"].dims(), [1, channels, 34, 40]);
    }
}

#[test]
fn the_stages_done_so_far_are_enough() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let whole = tiny_run(dir, "whole", &[]);
    let pictures = || pyramid::load(&dir.join("tiny.png")).unwrap();
    let whole = Run::open(&whole).unwrap();
    let (task, preset) = (train::Task::Generation, train::Preset::Quick);
    let label = train::Label { task, preset, picture: "tiny.png".into(), maps: Vec::new() };
    let mut run = Run::create(&dir.join("run"), whole.config.clone(), &pictures(), label).unwrap();
    assert!(refused(dir, ["sample", "run"]).contains("train --resume"));
    let mut until_first = |e: &Event<'_>| match e {
        Event::StageFinished { .. } => Control::Stop,
        _ => Control::Continue,
    };
    train::train(&mut run, &train::Noise, &Device::Cpu, Pace::default(), &mut until_first).unwrap();
    let early = sample(dir, "early", &["-n1"]);
    assert_eq!(size(&early), (25, 30));
    succeeds(dir, ["sample", "whole", "-n1", "--stages", "1", "--out", "late"]);
    assert_eq!(difference(&early, &image::open(dir.join("late/sample-0000.png")).unwrap()), 0.0);
    let inspected = succeeds(dir, ["inspect", "run"]).out;
    assert!(inspected.contains("1 of 2 stages done"), "{inspected}");
    assert!(refused(dir, ["sample", "run", "--stages", "2"]).contains("between 1 and 1"));
}

#[test]
fn where_samples_go() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    for _ in 0..2 {
        succeeds(dir, ["sample", "run", "-n1", "--seed", "4"]);
    }
    let made = names(&dir.join("run/samples"));
    assert!(made.contains("seed-4/sample-0000.png") && made.contains("seed-4-2/sheet.png"), "{made:?}");
    let told = succeeds(dir, ["sample", "run", "-n2", "--json", "--out", "some/new/place"]);
    let lines = json_lines(&told.out);
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(dir.join(line["file"].as_str().unwrap()).is_file(), "{line}");
    }
}

/// The sheet of large samples once took as much memory as all of them together, several times over.
#[test]
fn regression_sheets_of_large_samples_are_small() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &["--train-stages", "1", "--filters", "2", "--niter", "1"]);
    assert_eq!(size(&sample(dir, "large", &["-n2", "--size", "300x1200"])), (300, 1200));
    let (width, height) = image::open(dir.join("large/sheet.png")).unwrap().dimensions();
    assert!(width < 1100 && height < 200, "{width} x {height}");
}

#[test]
fn large_samples_of_generation_point_to_retarget() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    let told = succeeds(dir, ["sample", "run", "-n1", "--scale", "3x3"]);
    assert!(told.err.contains("--task retarget"), "{}", told.err);
    let told = succeeds(dir, ["sample", "run", "-n1", "--scale", "1x2"]);
    assert!(!told.err.contains("retarget"), "{}", told.err);
}

#[test]
fn what_cannot_be_sampled() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    std::fs::write(dir.join("file"), "x").unwrap();
    let cases = "-n 0|-n -1|-n 100001|-n x|--seed -1|--seed 9223372036854775808|--size 0x0|--size 10|--size axb\
        |--size -5x5|--size 2x2|--size 99999x99999|--size 16385x100|--size 99999999999999999999999x2|--size 5x\
        |--scale 0x0|--scale NaNxNaN|--scale infxinf|--scale -1x1|--scale 1e9x1|--scale 0.01x1|--scale 1e-300x1\
        |--scale 1x1 --size 5x5|--stages 0|--stages 3|--stages -1|--start-stage 3|--start-stage -1\
        |--stages 1 --start-stage 2|--format bmp|--threads 0|--threads 257|--out file|--out file/below|--nonsense";
    for case in cases.split('|') {
        refused(dir, ["sample", "run"].into_iter().chain(case.split_whitespace()));
    }
    for args in [["--size", ""], ["--out", ""], ["--scale", ""]] {
        refused(dir, ["sample", "run"].into_iter().chain(args));
    }
    assert!(refused(dir, ["sample", "missing"]).contains("missing: no such run directory"));
    assert!(refused(dir, ["sample", "file"]).contains("is a file"));
    assert!(refused(dir, ["sample", "."]).contains("run.json"));
    refused(dir, ["sample", ""]);
    refused(dir, ["sample"]);
}

#[test]
fn a_sheet_has_its_own_size_and_one_sample_is_not_samples() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    let files = json_lines(&succeeds(dir, ["sample", "run", "-n", "4", "--out", "a", "--json"]).out);
    for file in &files {
        let (w, h) = image::image_dimensions(dir.join(file["file"].as_str().unwrap())).unwrap();
        assert_eq!(file["size"], serde_json::json!([h, w]), "{file}");
    }
    assert_eq!(files.len(), 5);
    assert!(succeeds(dir, ["sample", "run", "-n", "1", "--out", "b"]).out.starts_with("1 sample of"));
    let told = refused(dir, ["sample", "run", "--start-stage", "2", "--out", "c"]);
    assert!(told.contains("start-stage"), "{told}");
}
