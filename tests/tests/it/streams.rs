//! Readers that go away, full disks behind a redirection, and terminals.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use tests::{Program, TINY, asset, json, names, picture, program, tiny_run};

/// A closed pipe behind standard error once made the log's own complaint panic, and ended the training.
#[test]
fn regression_training_outlives_its_log() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    let mut command = program(dir.path());
    command.args(["train", "a.png", "--out", "run"]).args(TINY).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(json(&dir.path().join("run/run.json"))["stages_done"], 2);
}

/// These once panicked.
#[test]
fn regression_a_reader_that_goes_away_is_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let cases = asset("golden");
    let golden = ["golden", "--cases", cases.to_str().unwrap()];
    // What is printed is all that `completions` gives; golden cases are counted by the exit status.
    let cases = [(Program::Consingan, &["completions", "bash"][..], 141), (Program::Lab, &golden, 0)];
    for (program, args, status) in cases {
        let mut child = program
            .command(dir.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(!first.is_empty());
        let told = child.wait_with_output().unwrap();
        assert!(!String::from_utf8_lossy(&told.stderr).contains("panicked"), "{args:?}");
        assert_eq!(told.status.code(), Some(status), "{args:?}");
    }
}

/// With `2> /dev/full` the first log line once ended everything.
#[cfg(target_os = "linux")]
#[test]
fn regression_a_full_disk_behind_stderr_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = program(dir.path());
    command.args(["train", "a.png", "--out", "run"]).args(TINY).stderr(full());
    assert_eq!(command.status().unwrap().code(), Some(0));
    assert!(names(&dir.path().join("run")).contains("samples/stage-1.png"));
    let told = program(dir.path()).args(["inspect", "missing"]).stderr(full()).status().unwrap();
    assert_eq!(told.code(), Some(2));
}

#[test]
fn quiet_is_quiet_and_verbose_is_not() {
    let dir = tempfile::tempdir().unwrap();
    tiny_run(dir.path(), "run", &[]);
    let err = |flags: &[&str], name: &str| {
        let told = tests::succeeds(
            dir.path(),
            ["train", "tiny.png", "--out", name].into_iter().chain(TINY).chain(flags.iter().copied()),
        );
        told.err
    };
    assert_eq!(err(&["--quiet"], "q"), "");
    let (usual, verbose) = (err(&[], "u"), err(&["-v"], "v"));
    assert!(verbose.lines().count() > usual.lines().count() && verbose.contains("DEBUG"), "{verbose}");
    let wish = program(dir.path())
        .args(["train", "tiny.png", "--out", "w"])
        .args(TINY)
        .env("RUST_LOG", "error")
        .output()
        .unwrap();
    assert!(wish.status.success() && wish.stderr.is_empty());
}

/// A progress bar on a terminal, and none where people asked for silence.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_a_bar() {
    let dir = tempfile::tempdir().unwrap();
    tiny_run(dir.path(), "run", &[]);
    let on_terminal = |flags: &str| {
        let exe = program(dir.path()).get_program().to_string_lossy().into_owned();
        let name = format!("bar{flags}");
        let line = format!("{exe} train tiny.png --out {name} {} {flags}", TINY.join(" "));
        let mut script = std::process::Command::new("script");
        let output =
            script.args(["-qec", &line, "/dev/null"]).current_dir(dir.path()).stdin(Stdio::null()).output();
        output.ok().map(|o| (o.status.success(), String::from_utf8_lossy(&o.stdout).into_owned()))
    };
    // Not every machine has the program that makes a terminal.
    let Some((success, shown)) = on_terminal("") else { return };
    assert!(success, "{shown}");
    assert!(shown.contains("stage 0/1") && shown.contains("it/s") && shown.contains("left"), "{shown:?}");
    let (success, shown) = on_terminal("--quiet").unwrap();
    assert!(success && shown.trim().is_empty(), "{shown:?}");
}
