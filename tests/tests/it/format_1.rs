//! Runs that a program of format 1 wrote: they open, give the same samples, and go on to the same bytes.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tests::{Json, files, json, program};

/// Sum of the bits of `tanh` at some places, where the fixtures were made. C libraries round it differently, and all pictures
/// and networks with it.
const TANH: u64 = 0x2fa3ca9675d85c;

fn tanh_is_that_of_the_fixtures() -> bool {
    let bits = (0..4096).map(|i| u64::from((i as f32 / 512.0 - 4.0).tanh().to_bits()).wrapping_mul(i + 1));
    bits.fold(0, u64::wrapping_add) == TANH
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/format-1")
}

/// A copy of the fixtures.
fn copied() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files(&fixtures()) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// Runs the program on the path of the CPU that every machine has.
#[track_caller]
fn run(dir: &Path, args: &[&str]) {
    let told = program(dir).args(args).arg("-q").env("KERNELS_CPU", "scalar").output().unwrap();
    assert!(told.status.success(), "{args:?}: {}", String::from_utf8_lossy(&told.stderr));
}

/// Hashes of the files in `dir`, without those that tell of settings and times.
fn hashes(dir: &Path) -> BTreeMap<String, Json> {
    let told = ["run.json", "events.jsonl", "config.toml", "report.html"];
    let counts = |name: &String| !told.contains(&name.as_str()) && !name.contains(".tfevents");
    let found = files(dir).into_iter().filter(|(name, _)| counts(name));
    let hex = |bytes: Vec<u8>| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    found.map(|(name, bytes)| (name, hex(bytes).into())).collect()
}

#[track_caller]
fn assert_expected(found: &BTreeMap<String, Json>, expected: &Json) {
    let names: Vec<&String> = expected.as_object().unwrap().keys().collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), names);
    if tanh_is_that_of_the_fixtures() {
        for (name, hash) in found {
            assert_eq!(*hash, expected[name], "{name}");
        }
    }
}

#[test]
fn a_finished_run_gives_the_same_samples_and_stays_as_it_is() {
    let (dir, expected) = (copied(), json(&fixtures().join("expected.json")));
    let dir = dir.path();
    run(dir, &["sample", "finished", "-n", "2", "--seed", "3", "--size", "30x50", "--out", "samples"]);
    run(dir, &["sample", "finished", "--reconstruction", "--out", "reconstruction"]);
    for name in ["samples", "reconstruction"] {
        assert_expected(&hashes(&dir.join(name)), &expected[name]);
    }
    run(dir, &["inspect", "finished"]);
    assert!(files(&dir.join("finished")) == files(&fixtures().join("finished")));
}

#[test]
fn half_trained_runs_end_in_the_same_bytes_and_in_todays_format() {
    let (dir, expected) = (copied(), json(&fixtures().join("expected.json")));
    let dir = dir.path();
    for name in ["half", "harmonization"] {
        run(dir, &["train", "--resume", name]);
        assert_expected(&hashes(&dir.join(name)), &expected[name]["files"]);
        let info = json(&dir.join(name).join("run.json"));
        assert_eq!(info["format"], 2);
        if tanh_is_that_of_the_fixtures() {
            assert_eq!(info["amps"], expected[name]["amps"]);
            let of_stage = |losses: &Json| train::Losses::NAMES.map(|loss| losses[loss].clone());
            let losses: Vec<Json> = info["losses"].as_array().unwrap().iter().flat_map(of_stage).collect();
            assert_eq!(Json::from(losses), expected[name]["losses"]);
        }
    }
    // What the preset's name stood for is written down now, and harmonizing goes by it.
    let config = fs::read_to_string(dir.join("harmonization/config.toml")).unwrap();
    let retouch = "[retouch]\nrestore = true\ntransfer = \"colours\"\nfine-tune-niter = 40\n";
    assert!(config.ends_with(retouch), "{config}");
    assert!(!fs::read_to_string(dir.join("half/config.toml")).unwrap().contains("[retouch]"));
    run(dir, &["harmonize", "harmonization", "naive.png", "--out", "harmonized"]);
    assert_expected(&hashes(&dir.join("harmonized")), &expected["harmonized"]);
}
