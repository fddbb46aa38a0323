//! `consingan harmonize` and `consingan edit`: masks, sizes, channels, fine-tuning, and what is refused.

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use std::path::Path;
use tests::{colourful, files, json, json_lines, names, picture, refused, succeeds, tiny_run};

/// A tiny run of a task.
fn run(dir: &Path, name: &str, task: &str) {
    tiny_run(dir, name, &["--task", task, "--min-size", "20"]);
}

/// The training picture of [`tiny_run`], enlarged, with a red square in it; and a mask of that.
fn naive(dir: &Path, width: u32, height: u32) {
    let square =
        |x: u32, y: u32| (width / 4..width / 2).contains(&x) && (height / 4..height / 2).contains(&y);
    let clear = picture(width, height);
    let pixel = |x, y| if square(x, y) { Rgb([230, 20, 20]) } else { *clear.get_pixel(x, y) };
    RgbImage::from_fn(width, height, pixel).save(dir.join("naive.png")).unwrap();
    let white = |x, y| Luma([if square(x, y) { 255 } else { 0 }]);
    GrayImage::from_fn(width / 2, height / 2, |x, y| white(2 * x, 2 * y)).save(dir.join("mask.png")).unwrap();
}

fn open(path: &Path) -> RgbImage {
    image::open(path).unwrap().to_rgb8()
}

#[test]
fn only_what_the_mask_covers_changes_at_the_naive_pictures_size() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    naive(dir, 200, 170);
    for (task, command, out) in
        [("harmonization", "harmonize", "h/harmonized"), ("editing", "edit", "e/edited")]
    {
        let name = &out[..1];
        run(dir, name, task);
        let told = succeeds(dir, [command, name, "naive.png", "--mask", "mask.png", "--json"]);
        let lines = json_lines(&told.out);
        assert_eq!(lines.len(), 3, "{}", told.out);
        let files: Vec<&str> = lines.iter().map(|l| l["file"].as_str().unwrap()).collect();
        let expected = ["result", "network", "mask"].map(|stem| format!("{out}/{stem}.png"));
        assert_eq!(files, expected);
        let (before, after) = (open(&dir.join("naive.png")), open(&dir.join(out).join("result.png")));
        assert_eq!(after.dimensions(), (200, 170));
        // Far from the mask not one value changes, in its middle some do.
        let changed = |x, y| before.get_pixel(x, y) != after.get_pixel(x, y);
        assert!((180..200).all(|x| (150..170).all(|y| !changed(x, y))), "{task}");
        assert!((70..80).any(|x| (60..70).any(|y| changed(x, y))), "{task}");
        // The second time the name is taken.
        succeeds(dir, [command, name, "naive.png", "--mask", "mask.png", "--quiet"]);
        assert!(dir.join(format!("{out}-2/result.png")).exists());
        assert_eq!(open(&dir.join(format!("{out}-2/result.png"))), after);
    }
    let seed = |seed: &str, out: &str| {
        let args = ["edit", "e", "naive.png", "--mask", "mask.png", "--format", "safetensors"];
        succeeds(dir, args.into_iter().chain(["--seed", seed, "--out", out]));
        files(&dir.join(out))["result.safetensors"].clone()
    };
    assert!(seed("1", "s1") == seed("1", "s1-again") && seed("2", "s2") != seed("1", "s1-third"));
}

#[test]
fn a_mask_is_derived_written_and_can_be_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    naive(dir, 80, 68);
    run(dir, "run", "harmonization");
    succeeds(dir, ["harmonize", "run", "naive.png", "--out", "a"]);
    let mask = image::open(dir.join("a/mask.png")).unwrap().to_luma8();
    assert_eq!(mask.dimensions(), (80, 68));
    assert!(mask.pixels().all(|p| p.0[0] == 0 || p.0[0] == 255));
    assert_eq!((mask.get_pixel(30, 25).0[0], mask.get_pixel(70, 60).0[0]), (255, 0));
    let white = mask.pixels().filter(|p| p.0[0] == 255).count();
    assert!((300..600).contains(&white), "{white} of some 340 pixels");
    succeeds(dir, ["harmonize", "run", "naive.png", "--mask", "a/mask.png", "--out", "b"]);
    assert!(files(&dir.join("b"))["mask.png"] == files(&dir.join("a"))["mask.png"]);
}

#[test]
fn pictures_of_other_channels_are_converted_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    naive(dir, 60, 50);
    run(dir, "rgb", "harmonization");
    let gray = image::open(dir.join("naive.png")).unwrap().to_luma8();
    gray.save(dir.join("gray.png")).unwrap();
    colourful(60, 50).save(dir.join("alpha.png")).unwrap();
    succeeds(dir, ["harmonize", "rgb", "gray.png", "--mask", "mask.png", "--out", "gray"]);
    succeeds(dir, ["harmonize", "rgb", "alpha.png", "--mask", "mask.png", "--out", "alpha"]);
    let with_alpha = image::open(dir.join("alpha/result.png")).unwrap();
    let DynamicImage::ImageRgba8(with_alpha) = with_alpha else { panic!("alpha is gone") };
    assert!(with_alpha.pixels().zip(colourful(60, 50).pixels()).all(|(a, b)| a.0[3] == b.0[3]));

    std::fs::create_dir(dir.join("other")).unwrap();
    let other = dir.join("other");
    gray.save(other.join("tiny.png")).unwrap();
    run(&other, "gray", "harmonization");
    let told = refused(dir, ["harmonize", "other/gray", "naive.png", "--mask", "mask.png", "--out", "x"]);
    assert!(told.contains("in colour") && told.contains("gray"), "{told}");
    DynamicImage::ImageLuma8(gray).to_rgb8().save(dir.join("gray-rgb.png")).unwrap();
    succeeds(dir, ["harmonize", "other/gray", "gray-rgb.png", "--mask", "mask.png", "--out", "y"]);
}

#[test]
fn fine_tuning_makes_a_run_that_can_be_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    naive(dir, 60, 50);
    run(dir, "run", "editing");
    let args = ["edit", "run", "naive.png", "--mask", "mask.png", "--fine-tune", "--niter", "3"];
    succeeds(dir, args);
    let made = dir.join("run-fine-tuned");
    assert!(made.join("edited/result.png").exists() && !made.join("checkpoint.safetensors").exists());
    let info = json(&made.join("run.json"));
    assert_eq!((info["task"].as_str(), info["stages_done"].as_u64()), (Some("editing"), Some(2)));
    let (before, after) = (files(&dir.join("run")), files(&made));
    for name in
        ["stage-0/generator.safetensors", "stage-0/discriminator.safetensors", "fixed_noise.safetensors"]
    {
        assert!(before[name] == after[name], "{name} must stay");
    }
    assert!(before["stage-1/generator.safetensors"] != after["stage-1/generator.safetensors"]);
    succeeds(dir, ["edit", "run-fine-tuned", "naive.png", "--mask", "mask.png", "--out", "again"]);
    assert!(files(&dir.join("again"))["result.png"] == after["edited/result.png"]);
    assert!(refused(dir, args.iter().chain(&["--out", "run"])).contains("exists already"));
}

#[test]
fn what_cannot_work_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    naive(dir, 60, 50);
    run(dir, "run", "harmonization");
    tiny_run(dir, "generation", &[]);
    GrayImage::new(9, 9).save(dir.join("black.png")).unwrap();
    picture(48, 40).save(dir.join("same.png")).unwrap();
    for (args, expected) in [
        (vec!["generation", "naive.png"], "was trained for generation, harmonize needs harmonization"),
        (vec!["run", "naive.png", "--mask", "black.png"], "mask is black everywhere"),
        (vec!["run", "same.png"], "hardly differs"),
        (vec!["run", "naive.png", "--niter", "5"], "--fine-tune"),
        (vec!["run", "naive.png", "--device", "cuda"], "--fine-tune"),
        (vec!["run", "naive.png", "--fine-tune", "--niter", "0"], "niter is 0"),
        (vec!["run", "missing.png"], "missing.png"),
        (vec!["run", "naive.png", "--mask", "missing.png"], "missing.png"),
        (vec!["nowhere", "naive.png"], "no such run directory"),
        (vec!["run", "naive.png", "--out", "generation"], "exists already"),
    ] {
        let told = refused(dir, ["harmonize"].iter().chain(&args));
        assert!(told.contains(expected), "{args:?}: {told}");
    }
    assert!(refused(dir, ["edit", "run", "naive.png"]).contains("edit needs editing"));
    assert!(!names(dir).iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn small_pictures_are_harmonized_without_settings_for_them() {
    let dir = tempfile::tempdir().unwrap();
    // The preset's coarsest stage is larger than this picture.
    tiny_run(dir.path(), "run", &["--task", "harmonization"]);
    let sizes = json(&dir.path().join("run/run.json"))["sizes"].clone();
    assert_eq!(sizes[1], serde_json::json!([34, 40]));
    assert!(sizes[0][0].as_u64().unwrap() < 34);
}

#[test]
fn the_training_picture_itself_hardly_differs_whatever_its_shape() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // 101 rows of 150 become 54 of 80, which cover 101.25: a resize to the size alone would shift every edge.
    let picture = RgbImage::from_fn(150, 101, |x, y| {
        let v = if (x / 4 + y / 3) % 2 == 0 { 230 } else { 20 };
        Rgb([v, v, (x % 256) as u8])
    });
    picture.save(dir.join("p.png")).unwrap();
    let settings = ["--niter", "1", "--filters", "4", "--train-stages", "2", "--max-size", "80"];
    let train = ["train", "p.png", "--task", "harmonization", "--out", "run"];
    succeeds(dir, [&train[..], &settings[..]].concat());
    let told = refused(dir, ["harmonize", "run", "p.png", "--out", "x"]);
    assert!(told.contains("hardly differs"), "{told}");
    // A picture of another shape, and another picture of this one, are not taken for changed ones.
    image::imageops::rotate90(&picture).save(dir.join("turned.png")).unwrap();
    let told = refused(dir, ["harmonize", "run", "turned.png", "--out", "x"]);
    assert!(told.contains("another shape"), "{told}");
    let mut negative = picture.clone();
    image::imageops::invert(&mut negative);
    negative.save(dir.join("negative.png")).unwrap();
    let told = refused(dir, ["harmonize", "run", "negative.png", "--out", "x"]);
    assert!(told.contains("per cent of its area"), "{told}");
    // The official programs' name of a mask is heeded.
    let mut pasted = picture;
    GrayImage::from_fn(150, 101, |x, y| image::Luma([if x < 40 && y < 40 { 255 } else { 0 }]))
        .save(dir.join("pasted_mask.png"))
        .unwrap();
    (10..30).for_each(|n| pasted.put_pixel(n, 20, Rgb([0, 255, 0])));
    pasted.save(dir.join("pasted.png")).unwrap();
    succeeds(dir, ["harmonize", "run", "pasted.png", "--out", "x"]);
    let white = image::open(dir.join("x/mask.png")).unwrap().to_luma8();
    assert_eq!((white.get_pixel(20, 20).0[0], white.get_pixel(100, 80).0[0]), (255, 0));
}
