//! The program under Ctrl-C, SIGTERM, SIGHUP and kill -9.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tests::{files, json_lines, names, picture, program, succeeds, tiny_run};

/// Long enough to be stopped on the way, short enough to be done twice.
const SETTINGS: [&str; 8] = ["--niter", "50", "--train-stages", "2", "--max-size", "40", "--filters", "8"];

fn start(dir: &Path, name: &str) -> Child {
    if !dir.join("image.png").exists() {
        picture(48, 40).save(dir.join("image.png")).unwrap();
    }
    let mut command = program(dir);
    match dir.join(name).exists() {
        true => command.args(["train", "--json", "--resume", name]),
        false => command.args(["train", "--json", "image.png", "--out", name]).args(SETTINGS),
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads the events until one says `event`, and then no further: dropping the pipe would end the program.
fn wait_for(out: &mut impl BufRead, event: &str) {
    let mut line = String::new();
    while !line.contains(&format!("\"event\":\"{event}\"")) {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "no event {event}");
    }
}

fn weights(run: &Path) -> BTreeMap<String, Vec<u8>> {
    files(run)
        .into_iter()
        .filter(|(name, _)| name.ends_with(".safetensors") || name.ends_with(".png"))
        .collect()
}

#[track_caller]
fn assert_same(dir: &Path, run: &str) {
    let whole = weights(&dir.join("whole"));
    let run = dir.join(run);
    assert_eq!(names(&run), names(&dir.join("whole")));
    assert!(weights(&run) == whole, "other bytes than without a stop");
    let lines = json_lines(&std::fs::read_to_string(run.join("events.jsonl")).unwrap());
    let logged: Vec<_> =
        lines.iter().filter(|l| l["event"] == "iteration").map(|l| [&l["stage"], &l["iteration"]]).collect();
    assert_eq!(logged.len(), 2 * 6);
    assert!(
        logged.iter().all(|l| logged.iter().filter(|other| *other == l).count() == 1),
        "twice in the log"
    );
}

#[test]
fn kill_and_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert!(start(dir, "whole").wait_with_output().unwrap().status.success());
    // Before the first iteration is told, in the first stage, at its end, in the second stage.
    for moments in
        [&["stage"][..], &["iteration", "iteration"], &["stage-done"], &["stage-done", "iteration"]]
    {
        let mut child = start(dir, "killed");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        for event in moments {
            // A resumed run reports fewer stages.
            if *event != "stage-done" || std::fs::read_dir(dir.join("killed/stage-0")).is_err() {
                wait_for(&mut out, event);
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    succeeds(dir, ["train", "--resume", "killed"]);
    assert_same(dir, "killed");
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
}

#[cfg(unix)]
#[test]
fn work_that_is_interrupted_leaves_nothing_half_made() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    let spawn = |args: &[&str]| {
        program(dir).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };

    // Samples that were written stay.
    let mut child = spawn(&["sample", "run", "-n", "100000", "--json", "--out", "samples"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    interrupt(&child);
    out.read_to_string(&mut String::new()).unwrap();
    let told = child.wait_with_output().unwrap();
    assert_eq!(told.status.code(), Some(130));
    assert!(String::from_utf8(told.stderr).unwrap().contains("stopped after"));
    let made = names(&dir.join("samples"));
    assert!(
        made.contains("sample-0000.png") && made.iter().all(|name| name.starts_with("sample-")),
        "{made:?}"
    );

    // Of an animation nothing does. Its file has another name until it is whole.
    let before = names(dir);
    let mut child = spawn(&["animate", "run", "--frames", "10000", "--out", "a.gif"]);
    while names(dir) == before && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    interrupt(&child);
    let told = child.wait_with_output().unwrap();
    let err = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(130), "{err}");
    assert!(err.contains("stopped; nothing was written") && !err.contains("error"), "{err}");
    assert_eq!(names(dir), before);
}

#[cfg(unix)]
#[test]
fn interrupt_and_terminate_save_and_tell_how_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert!(start(dir, "whole").wait_with_output().unwrap().status.success());
    for (signal, event) in
        [("INT", "stage"), ("TERM", "iteration"), ("HUP", "iteration"), ("INT", "stage-done")]
    {
        let run = format!("{signal}-{event}");
        let mut child = start(dir, &run);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        wait_for(&mut out, event);
        assert!(
            Command::new("kill")
                .args([&format!("-{signal}"), &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let told = child.wait_with_output().unwrap();
        let err = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(130), "{err}");
        assert!(err.contains(&format!("consingan train --resume {run}")), "{err}");
        assert!(rest.contains(r#""event":"saved""#) || event == "stage-done", "{rest}");
        assert!(names(&dir.join(&run)).iter().all(|name| !name.ends_with(".tmp")));
        succeeds(dir, ["inspect", &run]);
        succeeds(dir, ["train", "--resume", &run]);
        assert_same(dir, &run);
    }
}
