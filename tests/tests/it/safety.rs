//! Runs that another program, a link or a pipe in their place could damage.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use tests::{files, json_lines, names, picture, program, refused, succeeds, tell, tiny_run};

/// Two stages that take long enough to be disturbed.
const LONGER: [&str; 8] = ["--niter", "60", "--train-stages", "2", "--max-size", "40", "--filters", "8"];

fn spawn(dir: &Path, args: &[&str]) -> Child {
    program(dir).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts a training of `name` and waits for its first iteration.
fn begun(dir: &Path, name: &str) -> (Child, impl BufRead + use<>) {
    picture(48, 40).save(dir.join("image.png")).unwrap();
    let mut child = spawn(dir, &[&["train", "--json", "image.png", "--out", name][..], &LONGER].concat());
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"iteration\"") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "no iteration");
    }
    (child, out)
}

#[cfg(unix)]
#[test]
fn a_run_that_was_moved_never_writes_into_another() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (child, out) = begun(dir, "run");
    std::fs::rename(dir.join("run"), dir.join("moved")).unwrap();
    tiny_run(dir, "run", &[]);
    let other = files(&dir.join("run"));
    // Without the pipe the first goes on, too.
    drop(out);
    let told = child.wait_with_output().unwrap();
    let err = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(2), "{err}");
    assert!(err.contains("was moved or replaced") && err.contains("resume it there"), "{err}");
    assert!(files(&dir.join("run")) == other, "the other run has changed");
    succeeds(dir, ["train", "--resume", "moved"]);
    assert!(files(&dir.join("run")) == other, "the other run has changed");
}

#[test]
fn a_finished_run_is_not_trained_again_by_many() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    let stop = spawn(dir, &[&["train", "tiny.png", "--out", "late"][..], &LONGER].concat());
    let others: Vec<Child> = (0..6).map(|_| spawn(dir, &["train", "--resume", "late", "-q"])).collect();
    let resumed: Vec<_> = others.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(stop.wait_with_output().unwrap().status.success());
    for told in resumed {
        // Too early there is no run, later it is in use, at last it is finished.
        let err = String::from_utf8(told.stderr).unwrap();
        assert!(matches!(told.status.code(), Some(0 | 2)), "{err}");
    }
    let before = files(&dir.join("late"));
    let lines = json_lines(&String::from_utf8_lossy(&before["events.jsonl"]));
    assert_eq!(lines.iter().filter(|line| line["event"] == "stage-done").count(), 2);
    for _ in 0..2 {
        succeeds(dir, ["train", "--resume", "late", "-q"]);
    }
    let mut after = files(&dir.join("late"));
    assert!(after.remove("report.html").is_some());
    assert!(after.iter().all(|(name, bytes)| before[name] == *bytes), "a finished run has changed");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_run_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let link = |target: &Path, at: &Path| std::os::unix::fs::symlink(target, at).unwrap();
    let target = dir.join("target");
    std::fs::write(&target, "mine").unwrap();
    std::fs::create_dir(dir.join("place")).unwrap();
    // A run that stopped after its first stage.
    let half = |name: &str| {
        let (mut child, out) = begun(dir, name);
        child.kill().unwrap();
        child.wait().unwrap();
        drop(out);
        dir.join(name)
    };
    let run = half("log");
    std::fs::remove_file(run.join("events.jsonl")).unwrap();
    link(&target, &run.join("events.jsonl"));
    let told = tell(dir, ["train", "--resume", "log"]);
    assert_eq!(told.status, Some(2), "{}", told.err);
    assert!(told.err.contains("error: log/events.jsonl"), "{}", told.err);
    let run = half("stage");
    let _ = std::fs::remove_dir_all(run.join("stage-0"));
    link(&dir.join("place"), &run.join("stage-0"));
    let told = tell(dir, ["train", "--resume", "stage"]);
    assert_eq!(told.status, Some(2), "{}", told.err);
    assert!(told.err.contains("stage-0"), "{}", told.err);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
    assert!(names(&dir.join("place")).is_empty());

    // Things that are no files, or have no end.
    let run = tiny_run(dir, "run", &[]);
    for name in ["run.json", "config.toml", "stage-1/generator.safetensors"] {
        let (path, kept) = (run.join(name), run.join("kept"));
        std::fs::rename(&path, &kept).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(pipe.success());
        assert!(refused(dir, ["sample", "run", "-n", "1", "--out", "no"]).contains("is no file"));
        std::fs::remove_file(&path).unwrap();
        link(Path::new("/dev/zero"), &path);
        assert!(refused(dir, ["sample", "run", "-n", "1", "--out", "no"]).contains("is no file"));
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(&kept, &path).unwrap();
    }
    // A report replaces what it made itself, and nothing else.
    succeeds(dir, ["report", "run", "-n", "2"]);
    assert!(refused(dir, ["report", "run", "-n", "2", "--out", "target"]).contains("exists already"));
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
}
