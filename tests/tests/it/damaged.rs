//! Run directories that are none, or not whole.

use std::path::Path;
use tests::{files, json, names, refused, succeeds, tell, tiny_run};

/// Every command that takes a run.
const COMMANDS: [&[&str]; 4] = [
    &["inspect", "run"],
    &["inspect", "run", "--json"],
    &["sample", "run", "-n1", "--start-stage", "1", "--out", "out"],
    &["train", "--resume", "run", "--quiet"],
];

/// Turns a finished run into one that has a stage to go.
fn unfinish(run: &Path) {
    let path = run.join("run.json");
    let mut info = json(&path);
    info["stages_done"] = 1.into();
    for key in ["amps", "seconds", "losses"] {
        info[key].as_array_mut().unwrap().truncate(1);
    }
    std::fs::write(path, info.to_string()).unwrap();
}

/// A cut file is either refused in the usual way or was not needed; nothing panics, and what is written is whole.
#[test]
fn every_file_cut_in_half_and_emptied() {
    for finished in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let run = tiny_run(dir, "run", &["--niter", "2"]);
        if !finished {
            unfinish(&run);
        }
        let whole = files(&run);
        let mut refusals = Vec::new();
        for (name, bytes) in &whole {
            for length in [0, bytes.len() / 2] {
                for command in COMMANDS {
                    std::fs::write(run.join(name), &bytes[..length]).unwrap();
                    let told = tell(dir, command);
                    match told.status {
                        Some(0) => assert_eq!(told.err, ""),
                        _ => {
                            let error = refused(dir, command);
                            assert!(error.contains(name.split('/').next_back().unwrap()), "{name}: {error}");
                            refusals.push((name.as_str(), command[0]));
                        }
                    }
                    let _ = std::fs::remove_dir_all(dir.join("out"));
                    for (name, bytes) in &whole {
                        std::fs::write(run.join(name), bytes).unwrap();
                    }
                }
            }
        }
        for needed in [
            ("run.json", "inspect"),
            ("run.json", "train"),
            ("config.toml", "sample"),
            ("config.toml", "train"),
            ("fixed_noise.safetensors", "sample"),
            (
                if finished { "stage-1/generator.safetensors" } else { "stage-0/generator.safetensors" },
                "sample",
            ),
            (
                if finished {
                    "stage-1/discriminator.safetensors"
                } else {
                    "stage-0/discriminator.safetensors"
                },
                "inspect",
            ),
        ] {
            assert_eq!(refusals.iter().filter(|r| **r == needed).count() % 2, 0, "{needed:?}");
            assert!(refusals.contains(&needed), "{needed:?} passes for whole");
        }
        if !finished {
            assert!(refusals.contains(&("pyramid.safetensors", "train")));
            assert!(refusals.contains(&("stage-0/discriminator.safetensors", "train")));
        }
    }
}

#[test]
fn every_file_missing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let run = tiny_run(dir, "run", &["--niter", "2"]);
    for name in ["run.json", "config.toml", "stage-1/generator.safetensors", "fixed_noise.safetensors"] {
        let bytes = std::fs::read(run.join(name)).unwrap();
        std::fs::remove_file(run.join(name)).unwrap();
        let error = refused(dir, ["sample", "run", "--out", "out"]);
        assert!(error.contains(name.split('/').next_back().unwrap()), "{error}");
        std::fs::write(run.join(name), bytes).unwrap();
    }
    unfinish(&run);
    std::fs::remove_file(run.join("pyramid.safetensors")).unwrap();
    assert!(refused(dir, ["train", "--resume", "run", "--quiet"]).contains("pyramid.safetensors"));
}

#[test]
fn runs_of_other_versions_and_changed_ones() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let run = tiny_run(dir, "run", &["--niter", "2"]);
    let path = run.join("run.json");
    let info = json(&path);
    let changes = [
        ("format", 99.into(), "format version 99, this program reads versions 1 to 2"),
        ("format", 0.into(), "format version 0, this program reads versions 1 to 2"),
        ("task", "knitting".into(), "the task \"knitting\" is not known"),
        ("format", serde_json::json!("one"), "is damaged"),
        ("stages_done", 1.into(), "contradicts"),
        ("stages_done", 3.into(), "contradicts"),
        ("channels", 17.into(), "contradicts"),
        ("channels", 0.into(), "contradicts"),
        ("seed", 12345.into(), "contradicts"),
        ("sizes", serde_json::json!([[25, 30]]), "contradicts"),
        ("sizes", serde_json::json!([[25, 30], [0, 40]]), "contradicts"),
        ("sizes", serde_json::json!([[25, 30], [34, 4_000_000_000_u64]]), "contradicts"),
        ("amps", serde_json::json!([1.0]), "contradicts"),
        ("amps", serde_json::json!([1.0, "x"]), "is damaged"),
        ("surprise", true.into(), "is damaged"),
    ];
    for (key, value, expected) in changes {
        let mut changed = info.clone();
        changed[key] = value.clone();
        std::fs::write(&path, changed.to_string()).unwrap();
        for command in COMMANDS {
            let error = refused(dir, command);
            assert!(error.contains(expected), "{key} = {value}: {error}");
        }
    }
    // Sizes or channels that are not those of the tensors.
    for (key, value) in [("sizes", serde_json::json!([[25, 30], [35, 40]])), ("channels", 4.into())] {
        let mut changed = info.clone();
        changed[key] = value;
        std::fs::write(&path, changed.to_string()).unwrap();
        refused(dir, ["sample", "run", "--out", "out"]);
    }
    std::fs::write(&path, info.to_string()).unwrap();
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    for (from, to) in
        [("filters = 8", "filters = 9"), ("train-stages = 2", "train-stages = 3"), ("niter = 2", "niter = 0")]
    {
        assert!(config.contains(from));
        std::fs::write(run.join("config.toml"), config.replace(from, to)).unwrap();
        refused(dir, ["sample", "run", "--out", "out"]);
    }
}

#[test]
fn a_cut_checkpoint_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let whole = tiny_run(dir, "whole", &["--niter", "2"]);
    let run = tiny_run(dir, "run", &["--niter", "2"]);
    unfinish(&run);
    for bytes in [&b""[..], b"{}", &[0xff; 64]] {
        std::fs::write(run.join("checkpoint.safetensors"), bytes).unwrap();
        let error = refused(dir, ["train", "--resume", "run", "--quiet"]);
        assert!(error.contains("checkpoint.safetensors") && error.contains("hint: remove it"), "{error}");
    }
    std::fs::remove_file(run.join("checkpoint.safetensors")).unwrap();
    succeeds(dir, ["train", "--resume", "run"]);
    assert_eq!(names(&run), names(&whole));
    assert!(files(&run)["stage-1/generator.safetensors"] == files(&whole)["stage-1/generator.safetensors"]);
}
