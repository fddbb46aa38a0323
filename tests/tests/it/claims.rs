//! Several programs at once that choose the same name, and places that cannot be written to.

use std::path::Path;
use std::process::{Output, Stdio};
use tests::{TINY, names, picture, program, refused, tiny_run};

/// What so many programs say that begin together.
fn together(dir: &Path, count: usize, args: &[&str]) -> Vec<Output> {
    let start = || program(dir).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = (0..count).map(|_| start()).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

fn succeeded(told: &[Output]) -> usize {
    told.iter().filter(|told| told.status.success()).count()
}

#[test]
fn default_names_are_claimed_by_one_program_each() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    picture(48, 40).save(dir.join("p.png")).unwrap();
    let train: Vec<&str> = ["train", "p.png", "--threads", "1"].into_iter().chain(TINY).collect();
    assert_eq!(succeeded(&together(dir, 6, &train)), 6);
    let runs: Vec<_> = std::fs::read_dir(dir.join("runs")).unwrap().collect();
    assert_eq!(runs.len(), 6);
    assert_eq!(succeeded(&together(dir, 4, &["animate", "runs/p", "--frames", "5"])), 4);
    assert_eq!(succeeded(&together(dir, 4, &["sample", "runs/p", "-n", "2"])), 4);
    let made = names(&dir.join("runs/p"));
    for name in ["animation.gif", "animation-4.gif", "samples/seed-0/sheet.png", "samples/seed-0-4/sheet.png"]
    {
        assert!(made.contains(name), "{name} is not in {made:?}");
    }
    assert!(names(dir).iter().all(|name| !name.ends_with(".tmp")));
}

#[test]
fn a_given_name_is_taken_once() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    std::fs::create_dir(dir.join("empty")).unwrap();
    for (command, made) in [
        ("animate run --frames 20 --out a.gif", "a.gif"),
        ("sample run -n 3 --out s", "s/sheet.png"),
        ("sample run -n 3 --out empty", "empty/sheet.png"),
        ("dehaze tiny.png --niter 0 --out d", "d/A.json"),
    ] {
        let told = together(dir, 3, &command.split(' ').collect::<Vec<_>>());
        assert_eq!(succeeded(&told), 1, "{command}");
        assert!(told.iter().all(|told| matches!(told.status.code(), Some(0 | 2))), "{command}");
        assert!(dir.join(made).is_file(), "{command}");
    }
    assert!(names(dir).iter().all(|name| !name.contains(".tmp")));
}

/// Nothing can be created in /proc, by any user.
#[cfg(target_os = "linux")]
#[test]
fn places_that_cannot_be_written_are_found_before_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    std::fs::write(dir.join("file"), "").unwrap();
    for command in [
        "train tiny.png --niter 100000",
        "train tiny.png --preset auto --minutes 10",
        "sample run -n 100000",
        "animate run --frames 10000 --format gif",
        "upscale tiny.png --factor 8",
        "upscale tiny.png --save",
        "dehaze tiny.png --niter 100000",
        "paint run tiny.png -n 10000",
        "report run -n 10000",
        "import run",
    ] {
        for out in ["/proc/a", "file/a", "file"] {
            let named = command.ends_with("--save");
            let ending = if command.starts_with("upscale") && !named && out != "file" { ".png" } else { "" };
            let ending = if command.starts_with("animate") && out != "file" { ".gif" } else { ending };
            let out = format!("{out}{ending}");
            let flag = if named { &[][..] } else { &["--out"] };
            refused(dir, command.split(' ').chain(flag.iter().copied()).chain([out.as_str()]));
        }
    }
}
