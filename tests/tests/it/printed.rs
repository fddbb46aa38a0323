//! Where what is printed goes nowhere, and what is printed of names and files.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Output, Stdio};
use tests::{TINY, picture, program, refused, succeeds, tell, tiny_run};

/// The program in `dir`, whose standard output is closed after the first line.
fn closed_after_a_line(dir: &Path, command: &str) -> Output {
    let mut child =
        program(dir).args(command.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn training_whose_events_nobody_reads_goes_on_and_saves() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    picture(48, 40).save(dir.join("p.png")).unwrap();
    let command = format!("train p.png --json --out run {}", TINY.join(" "));
    let told = closed_after_a_line(dir, &command);
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(succeeds(dir, ["inspect", "run"]).out.contains("finished"));
}

#[test]
fn results_that_nobody_reads_are_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    for command in ["sample run -n 40 --json --out s", "inspect run", "completions zsh"] {
        let told = closed_after_a_line(dir, command);
        let err = String::from_utf8_lossy(&told.stderr);
        // What is short can be in the pipe before it is closed.
        assert!(told.status.code() == Some(141) || command == "inspect run", "{command}: {err}");
        assert!(!err.contains("error") && !err.contains("panicked"), "{command}: {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error_where_the_result_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let run = tiny_run(dir, "run", &[]);
    let full = |command: &str| {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let told =
            program(dir).args(command.split(' ')).stdout(full).stderr(Stdio::piped()).output().unwrap();
        (told.status.code(), String::from_utf8_lossy(&told.stderr).into_owned())
    };
    for command in [
        "inspect run",
        "inspect run --json",
        "evaluate run -n 2 --json",
        "sample run -n 1 --json",
        "animate run --frames 2",
        "completions bash",
        "--help",
        "train --help",
    ] {
        let (status, err) = full(command);
        assert_eq!(status, Some(2), "{command}: {err}");
        assert!(err.contains("error: standard output cannot be written to"), "{command}: {err}");
    }
    let (status, err) = full(&format!("train tiny.png --json --out other {}", TINY.join(" ")));
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(err.matches("standard output").count(), 1, "{err}");
    assert!(run.is_dir() && dir.join("other/report.html").is_file());
}

/// Colours, the window's title, line breaks, and text that is turned around.
#[cfg(unix)]
#[test]
fn names_and_contents_cannot_command_the_terminal() {
    const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[31m\u{9b}2J\nerror: x\r\u{202e}";
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let name = format!("a{EVIL}.png");
    picture(48, 40).save(dir.join("tiny.png")).unwrap();
    std::fs::copy(dir.join("tiny.png"), dir.join(&name)).unwrap();
    let out = format!("run{EVIL}");
    let check = |args: &[&str]| {
        let told = tell(dir, args);
        for text in [&told.out, &told.err] {
            let bad = text.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
            assert!(bad.is_none(), "{bad:?} in {text:?} of {args:?}");
            assert!(!text.lines().any(|line| line.starts_with("error: x")), "{text:?} of {args:?}");
        }
    };
    let train: Vec<&str> = ["train", &name, "--out", &out].into_iter().chain(TINY).collect();
    check(&train);
    for flag in ["--json", "-v"] {
        check(&["inspect", &out, flag]);
        check(&["sample", &out, "-n", "1", flag]);
        check(&["animate", &out, "--frames", "2", flag]);
        check(&["report", &out, flag]);
    }
    check(&["inspect", EVIL]);
    check(&["train", EVIL]);
    check(&[EVIL]);
    check(&["train", &name, "--task", EVIL]);
    check(&["train", &name, "--niter", EVIL]);
    let mut file = std::fs::File::create(dir.join("c.toml")).unwrap();
    writeln!(file, "preset = \"\\u001b[31m\"\n\"k\\u001b[31m\" = 1").unwrap();
    check(&["train", &name, "--config", "c.toml"]);
    let info = dir.join(&out).join("run.json");
    let text = std::fs::read_to_string(&info).unwrap();
    std::fs::write(&info, text.replace("\"generation\"", "\"\\u001b[31m\"")).unwrap();
    check(&["inspect", &out]);
    let html = std::fs::read_to_string(dir.join(&out).join("report.html")).unwrap();
    assert!(!html.contains(['\u{1b}', '\u{7}', '\u{9b}']));
}

#[test]
fn weights_that_are_no_numbers_are_refused_with_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let run = tiny_run(dir, "run", &[]);
    let path = run.join("stage-1/generator.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    for command in ["sample", "animate", "evaluate", "inspect"] {
        let told = refused(dir, [command, "run"]);
        assert!(told.contains("stage-1/generator.safetensors") && told.contains("not finite"), "{told}");
    }
}
