//! What `train` refuses: one clear line, exit status 2, at once, and nothing is left behind.

use image::{DynamicImage, ImageFormat};
use std::path::Path;
use tests::{Program, TINY, asset, encode, names, picture, refused, succeeds};

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    dir
}

#[track_caller]
fn refused_picture(dir: &Path, name: &str, expected: &str) {
    let error = refused(dir, ["train", name]);
    assert!(error.contains(expected) && error.contains("hint: "), "{name}: {error}");
    refused(dir, ["train", name, "--dry-run"]);
    refused(dir, ["bench", name]);
}

#[test]
fn files_that_are_no_pictures() {
    let dir = folder();
    let dir = dir.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).unwrap();
    std::fs::create_dir(dir.join("folder.png")).unwrap();
    write("empty.png", b"");
    write("text.jpg", b"Dear diary,");
    write("zeros.png", &[0; 5000]);
    write("movie.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom");
    refused_picture(dir, "missing.png", "missing.png: no such file");
    refused_picture(dir, "a.png/below.png", "no such file");
    refused_picture(dir, "folder.png", "is a directory");
    refused_picture(dir, "empty.png", "is empty");
    refused_picture(dir, "text.jpg", "not a picture");
    refused_picture(dir, "zeros.png", "not a picture");
    refused_picture(dir, "movie.mp4", "movie.mp4: not ");
    // A semicolon in a name is no border between error and hint.
    refused_picture(dir, "not; here.png", "error: not; here.png: no such file\n");
    refused_picture(dir, "two\nlines\u{1b}[31m.png", "no such file");
    refused(dir, ["train", ""]);
    refused(dir, ["train"]);
    refused(dir, ["train", "a.png", "a.png"]);
}

#[test]
fn pictures_that_are_cut_off() {
    let dir = folder();
    let dir = dir.path();
    let image = DynamicImage::from(picture(200, 160));
    let formats = [
        ("a.jpg", ImageFormat::Jpeg),
        ("b.png", ImageFormat::Png),
        ("c.gif", ImageFormat::Gif),
        ("d.bmp", ImageFormat::Bmp),
        ("e.tiff", ImageFormat::Tiff),
        ("f.webp", ImageFormat::WebP),
    ];
    for (name, format) in formats {
        let bytes = encode(&image, format);
        for percent in [5, 30, 60, 95] {
            std::fs::write(dir.join(name), &bytes[..bytes.len() * percent / 100]).unwrap();
            refused_picture(dir, name, name);
        }
    }
}

#[test]
fn pictures_too_small_and_too_large() {
    let dir = folder();
    let dir = dir.path();
    picture(1, 1).save(dir.join("dot.png")).unwrap();
    picture(300, 10).save(dir.join("strip.png")).unwrap();
    picture(24, 24).save(dir.join("small.png")).unwrap();
    let mut huge = Vec::new();
    let mut writer = png::Encoder::new(&mut huge, 60_000, 60_000).write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, &[0; 100]).unwrap();
    drop(writer);
    std::fs::write(dir.join("huge.png"), huge).unwrap();
    refused_picture(dir, "dot.png", "the network sees 11 px at once");
    refused_picture(dir, "strip.png", "at least 11 px");
    refused_picture(dir, "small.png", "--min-size");
    refused_picture(dir, "huge.png", "60000x60000 pixels");
    // Advice is for the command at hand: `bench` has no --min-size.
    let error = refused(dir, ["bench", "small.png"]);
    assert!(error.contains("24 px") && error.contains("hint: ") && !error.contains("--"), "{error}");
    // What the hint says works.
    succeeds(dir, ["train", "small.png", "--min-size", "11", "--out", "run"].into_iter().chain(TINY));
}

#[test]
fn settings_out_of_range() {
    let dir = folder();
    let dir = dir.path();
    let range = "--niter 0|--niter 1000001|--train-stages 0|--train-stages 1000000|--train-depth 0|--train-depth 33\
        |--filters 0|--filters 100000000|--layers 0|--layers 17|--kernel 4|--kernel 1|--kernel 13|--lr-g NaN|--lr-g 0\
        |--lr-g inf|--lr-d -1|--lr-d 1.5|--lr-scale 0|--lr-scale nan|--beta1 1|--beta1 -0.1|--gamma 0|--g-steps 0\
        |--d-steps 101|--lambda-grad -1|--alpha NaN|--alpha 1e7|--noise-amp -0.5|--lrelu-alpha 2|--lrelu-alpha NaN\
        |--min-size 0|--min-size 5000|--max-size 2|--max-size 99999|--seed 9223372036854775808";
    for case in range.split('|') {
        let error = refused(dir, ["train", "a.png"].into_iter().chain(case.split(' ')));
        let name = case.split(' ').next().unwrap().trim_start_matches("--");
        assert!(error.contains(name) && error.contains("must be"), "{case}: {error}");
    }
    let wrong = "--niter -1|--niter 1e3|--niter x|--niter 99999999999999999999999|--niter|--seed -1|--filters 1.5|--lr-g x\
        |--batch-norm=maybe|--activation relu|--preset fast|--threads 0|--threads 257|--threads -1|--nither 5\
        |--niter 5 --niter 6|--preset|--no-such-flag|--resume|--device gpu|--device cuda:x|--precision f16";
    for case in wrong.split('|') {
        let error = refused(dir, ["train", "a.png"].into_iter().chain(case.split(' ')));
        assert!(error.contains("hint: "), "{case}: {error}");
    }
    for flag in ["--niter", "--activation", "--preset", "--out", "--config", "--resume", "--lr-g"] {
        refused(dir, ["train", "a.png", flag, ""]);
    }
    // The program under test has no CUDA, and says how to get it.
    let error = refused(dir, ["train", "a.png", "--device", "cuda:1"]);
    assert!(error.contains("cuda:1") && error.contains("--features cuda"), "{error}");
    let error = refused(dir, ["bench", "a.png", "--profile"]);
    assert!(error.contains("--profile is for a GPU"), "{error}");
    assert!(
        refused(dir, ["train", "a.png", "--nither", "5"])
            .contains("hint: a similar argument exists: '--niter'")
    );
}

#[test]
fn settings_that_contradict_each_other_or_the_picture() {
    let dir = folder();
    for (case, expected) in [
        ("--min-size 30 --max-size 20", "30 px, is larger than the longer side of the finest, 20 px"),
        ("--min-size 41", "hint: give --min-size 40 or less"),
        ("--min-size 5", "the network sees 11 px at once"),
        ("--kernel 11 --layers 16", "the network sees 181 px at once"),
        ("--max-size 10 --min-size 3", "the network sees 11 px at once"),
    ] {
        let error = refused(dir.path(), ["train", "a.png"].into_iter().chain(case.split(' ')));
        assert!(error.contains(expected) && error.contains("hint: "), "{case}: {error}");
    }
}

#[test]
fn outputs_that_cannot_be() {
    let dir = folder();
    let dir = dir.path();
    std::fs::create_dir(dir.join("there")).unwrap();
    let long = "long".repeat(80);
    let below = format!("new/{long}");
    for out in ["there", "a.png", "a.png/below", "a.png/far/below", ".", "..", "/", &long, &below, "there/.."]
    {
        let error = refused(dir, ["train", "a.png", "--out", out].into_iter().chain(TINY));
        // Temporary names are nobody's business.
        assert!(!error.contains(".tmp"), "{error}");
    }
    assert!(refused(dir, ["train", "a.png", "--out", "there"]).contains("exists already"));
}

#[cfg(unix)]
#[test]
fn places_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder();
    let dir = dir.path();
    let mode =
        |name: &str, mode| std::fs::set_permissions(dir.join(name), PermissionsExt::from_mode(mode)).unwrap();
    std::fs::create_dir(dir.join("locked")).unwrap();
    std::fs::copy(dir.join("a.png"), dir.join("secret.png")).unwrap();
    mode("locked", 0o500);
    mode("secret.png", 0o000);
    // The superuser may do everything.
    if std::fs::File::open(dir.join("secret.png")).is_err() {
        refused(dir, ["train", "secret.png"]);
        refused(dir, ["train", "a.png", "--config", "secret.png"]);
        assert!(refused(dir, ["train", "a.png", "--out", "locked/run"]).contains("locked/run"));
        assert!(refused(dir, ["train", "a.png", "--out", "locked/deep/run"]).contains("locked/deep/run"));
    }
    mode("locked", 0o700);
}

/// A named pipe was waited for without end, a device read until memory was full.
#[cfg(target_os = "linux")]
#[test]
fn regression_pipes_and_devices() {
    let dir = folder();
    let dir = dir.path();
    assert!(std::process::Command::new("mkfifo").arg(dir.join("pipe")).status().unwrap().success());
    for special in ["pipe", "/dev/zero", "/dev/null"] {
        refused_picture(dir, special, "is a pipe or a device");
        refused(dir, ["train", "a.png", "--config", special]);
        for command in ["sample", "inspect"] {
            refused(dir, [command, special]);
        }
        refused(dir, ["train", "--resume", special]);
        Program::Lab.refused(dir, ["golden", "--cases", special]);
        refused(dir, ["train", "a.png", "--out", special]);
    }
    for out in ["/dev/null/run", "/proc/run", "/proc/deep/run"] {
        assert!(refused(dir, ["train", "a.png", "--out", out]).contains(out));
    }
}

#[test]
fn commands_that_are_none() {
    let dir = folder();
    for args in [
        &["paint"][..],
        &["train", "--quiet", "--verbose", "a.png"],
        &["completions", "tcsh"],
        &["completions"],
    ] {
        refused(dir.path(), args);
    }
    assert_eq!(names(dir.path()).len(), 1);
    // Checks of a good picture in between: the refusals above are no refusals of everything.
    let coffee = asset("images/coffee.jpg");
    let flags = ["--dry-run", "--quiet"].into_iter().chain(TINY);
    succeeds(dir.path(), ["train", coffee.to_str().unwrap()].into_iter().chain(flags));
}
