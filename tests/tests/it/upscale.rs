//! `consingan upscale`: sizes, modes, files, and what is refused.

use candle_core::Device;
use image::DynamicImage;
use lab::upscaling::evaluate_upscaling;
use std::path::Path;
use tests::{asset, colourful, files, json_lines, names, picture, refused, succeeds, tiny_run};
use train::files::read_tensors;
use upscale::{UpscaleMode, UpscaleRequest};

/// A picture `name` of 24 x 20 pixels (width x height) in `dir`.
fn small(dir: &Path, name: &str) {
    picture(24, 20).save(dir.join(name)).unwrap();
}

/// Height and width of a file.
fn size(path: &Path) -> (u32, u32) {
    let image = image::open(path).unwrap();
    (image.height(), image.width())
}

#[test]
fn fidelity_gives_factor_times_the_picture() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    small(dir, "p.png");
    for (factor, wanted) in [("1.5", (30, 36)), ("3", (60, 72)), ("1.01", (21, 25))] {
        let out = format!("x{factor}.png");
        succeeds(
            dir,
            ["upscale", "p.png", "--factor", factor, "--niter", "2", "--max-size", "16", "--out", &out],
        );
        assert_eq!(size(&dir.join(out)), wanted);
    }
    // Without a name the result lies here, and never on top of another.
    for _ in 0..2 {
        succeeds(dir, ["upscale", "p.png", "--niter", "1"]);
    }
    assert_eq!(size(&dir.join("p-x2.png")), (40, 48));
    assert_eq!(size(&dir.join("p-x2-2.png")), (40, 48));
    // The smallest there is.
    picture(1, 1).save(dir.join("one.png")).unwrap();
    succeeds(dir, ["upscale", "one.png", "--factor", "4", "--niter", "1", "--out", "four.png"]);
    assert_eq!(size(&dir.join("four.png")), (4, 4));
}

#[test]
fn what_was_trained_can_be_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    small(dir, "p.png");
    let upscale = |args: &str| succeeds(dir, format!("upscale p.png {args}").split_whitespace());
    upscale("--niter 3 --save net --out a.png");
    upscale("--run net --out b.png");
    upscale("--niter 3 --threads 1 --out c.png");
    let made = files(dir);
    assert!(made["a.png"] == made["b.png"] && made["a.png"] == made["c.png"]);
    upscale("--run net --factor 8 --out d.png");
    assert_eq!(size(&dir.join("d.png")), (160, 192));
    assert_eq!(names(&dir.join("net")).into_iter().collect::<Vec<_>>(), ["enlarger.safetensors"]);
}

#[test]
fn perceptual_makes_a_run_and_uses_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    small(dir, "p.png");
    let perceptual =
        |args: &str| succeeds(dir, format!("upscale p.png --mode perceptual {args}").split_whitespace());
    let told = perceptual("--factor 4 --niter 3 --json --out a.png");
    assert_eq!(size(&dir.join("a.png")), (80, 96));
    let line = &json_lines(&told.out)[0];
    assert_eq!(line["size"], serde_json::json!([80, 96]));
    assert_eq!(line["run"], "runs/p-upscale");
    perceptual("--factor 4 --run runs/p-upscale --threads 1 --out b.png");
    perceptual("--factor 2.5 --run runs/p-upscale --out c.png");
    assert_eq!(size(&dir.join("c.png")), (50, 60));
    let made = files(dir);
    assert!(made["a.png"] == made["b.png"]);
    perceptual("--factor 4 --run runs/p-upscale --seed 5 --out d.png");
    assert!(files(dir)["d.png"] != made["a.png"]);
    // A larger picture than was trained on comes out at its own size.
    picture(50, 41).save(dir.join("large.png")).unwrap();
    succeeds(
        dir,
        "upscale large.png --mode perceptual --niter 2 --max-size 24 --out l.png --save r".split(' '),
    );
    assert_eq!(size(&dir.join("l.png")), (82, 100));
    assert!(dir.join("r/run.json").is_file());
}

#[test]
fn channels_and_formats() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let rgba = DynamicImage::from(colourful(24, 20));
    rgba.save(dir.join("rgba.png")).unwrap();
    rgba.to_luma8().save(dir.join("gray.png")).unwrap();
    for mode in ["fidelity", "perceptual"] {
        for (name, channels) in [("rgba", 4), ("gray", 1)] {
            let (image, out) = (format!("{name}.png"), format!("{name}-{mode}.safetensors"));
            let args =
                ["upscale", &image, "--mode", mode, "--niter", "2", "--format", "safetensors", "--out", &out];
            succeeds(dir, args);
            let (tensors, _) = read_tensors(&dir.join(out), &Device::Cpu).unwrap();
            assert_eq!(tensors["image"].dims(), [1, channels, 40, 48]);
        }
    }
}

#[test]
fn fidelity_is_above_bicubic() {
    let dir = tempfile::tempdir().unwrap();
    for (name, factor) in [("coffee.jpg", 2.0), ("gravel.png", 2.0), ("brick.png", 4.0)] {
        let whole = pyramid::load(&asset("images").join(name)).unwrap();
        let scale = pyramid::Target::Scale(96.0 / whole.size().0.max(whole.size().1) as f64);
        let truth = pyramid::Picture::from_pixels(pyramid::imresize(whole.pixels(), scale).unwrap()).unwrap();
        let request = UpscaleRequest { factor, niter: 40, ..UpscaleRequest::of(UpscaleMode::Fidelity) };
        let row = evaluate_upscaling(&truth, &request, &dir.path().join("no")).unwrap();
        let (bicubic, ours) = (row.bicubic, row.ours);
        assert!(ours.psnr > bicubic.psnr + 0.05 && ours.ssim > bicubic.ssim, "{name}: {ours:?}, {bicubic:?}");
        assert_eq!(row.result.size(), truth.size());
    }
}

#[test]
fn what_cannot_be_enlarged() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "generation", &[]);
    small(dir, "p.png");
    DynamicImage::from(colourful(24, 20)).save(dir.join("rgba.png")).unwrap();
    succeeds(dir, "upscale p.png --mode perceptual --niter 1 --save gan --out g.png".split(' '));
    succeeds(dir, "upscale p.png --niter 1 --save net --out n.png".split(' '));
    let cases = "--factor 0|--factor 1|--factor 64|--factor -2|--factor NaN|--factor inf|--factor x|--factor 1e300\
        |--mode both|--niter 0|--niter -1|--max-size 0|--max-size 3|--max-size -5|--seed -1|--format bmp|--threads 0\
        |--out g.png|--out gan|--out missing/a.png|--out p.png/a.png|--save gan|--save p.png\
        |--run gan|--run missing|--run p.png|--run net --factor 3|--run net --niter 5|--run net --save x\
        |--mode perceptual --run net|--mode perceptual --run generation|--mode perceptual --run missing\
        |--mode perceptual --factor 0.5|--mode perceptual --save p.png/x|--nonsense|--device cuda\
        |--mode perceptual --run gan --device cuda|--mode perceptual --niter 1 --save y --device cuda:77";
    for case in cases.split('|') {
        refused(dir, ["upscale", "p.png"].into_iter().chain(case.split_whitespace()));
    }
    for run in ["--mode perceptual --run gan", "--run net"] {
        let told = refused(dir, ["upscale", "rgba.png"].into_iter().chain(run.split(' ')));
        assert!(told.contains("channels"), "{told}");
    }
    let told = refused(dir, "upscale p.png --mode perceptual --run generation".split(' '));
    assert!(told.contains("is a run of generation"), "{told}");
    picture(1200, 1100).save(dir.join("large.png")).unwrap();
    let told = refused(dir, "upscale large.png --mode perceptual --factor 16 --niter 1".split(' '));
    assert!(told.contains("a factor of 8.7"), "{told}");
    picture(40, 8).save(dir.join("flat.png")).unwrap();
    refused(dir, "upscale flat.png --mode perceptual --niter 1".split(' '));
    refused(dir, ["upscale", "missing.png"]);
    refused(dir, ["upscale"]);
    // A file that was cut off.
    let enlarger = dir.join("net/enlarger.safetensors");
    let bytes = std::fs::read(&enlarger).unwrap();
    for end in [0, 7, 100, bytes.len() - 1] {
        std::fs::write(&enlarger, &bytes[..end]).unwrap();
        refused(dir, "upscale p.png --run net".split(' '));
    }
}

#[test]
fn the_ending_of_a_result_names_its_format() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    picture(24, 20).save(dir.join("p.png")).unwrap();
    let upscale = |out: &str| ["upscale", "p.png", "--niter", "1", "--out", out].map(String::from);
    for (out, format) in [
        ("x.jpg", image::ImageFormat::Jpeg),
        ("x.tif", image::ImageFormat::Tiff),
        ("x.webp", image::ImageFormat::WebP),
        ("x.png", image::ImageFormat::Png),
    ] {
        succeeds(dir, upscale(out));
        assert_eq!(image::guess_format(&std::fs::read(dir.join(out)).unwrap()).unwrap(), format, "{out}");
    }
    for out in ["x.bmp", "x", "x.mp4"] {
        let told = refused(dir, upscale(out));
        assert!(told.contains("names no format") && told.contains(".webp"), "{told}");
    }
    // An animation's ending is heeded before anything of the run is drawn.
    tiny_run(dir, "run", &[]);
    let told = refused(dir, ["animate", "run", "--out", "x.mp4"]);
    assert!(told.contains(".apng"), "{told}");
    succeeds(dir, ["animate", "run", "--frames", "3", "--out", "x.apng"]);
    assert_eq!(&std::fs::read(dir.join("x.apng")).unwrap()[..4], b"\x89PNG");
}
