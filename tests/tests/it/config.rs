//! Settings in layers, and the official program's spellings.

use std::path::Path;
use tests::{Json, asset, files, json_lines, names, picture, refused, succeeds, tiny_run};

/// The settings that `train` would use, with the tiny ones underneath in a file.
fn resolved(dir: &Path, args: &[&str]) -> Json {
    let told = succeeds(dir, ["train", "--dry-run", "--json"].iter().chain(args));
    json_lines(&told.out)[0]["config"].clone()
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    let small = "niter = 7\ntrain-stages = 2\nmax-size = 40\nfilters = 4\nlr-g = 0.25\n";
    std::fs::write(dir.path().join("small.toml"), small).unwrap();
    dir
}

#[test]
fn the_command_line_wins_over_the_file_and_that_over_the_preset() {
    let dir = folder();
    let dir = dir.path();
    let config = resolved(
        dir,
        &["a.png", "--preset", "paper", "--config", "small.toml", "--niter", "3", "--lr-g", "0.5"],
    );
    assert_eq!((&config["niter"], &config["lr-g"]), (&3.into(), &0.5.into()));
    assert_eq!((&config["filters"], &config["max-size"]), (&4.into(), &40.into()));
    assert_eq!((&config["d-steps"], &config["beta1"]), (&3.into(), &0.5.into()));
}

#[test]
fn the_paper_preset_has_the_papers_numbers() {
    let dir = folder();
    let small = ["--train-stages", "2", "--max-size", "40", "--filters", "4"];
    let config = resolved(dir.path(), &[&["a.png", "--preset", "paper"], &small[..]].concat());
    let paper = serde_json::json!({
        "niter": 2000, "layers": 3, "train-depth": 3, "lr-scale": 0.1, "min-size": 25, "kernel": 3, "activation": "lrelu",
        "lrelu-alpha": 0.05, "lr-g": 0.0005, "lr-d": 0.0005, "beta1": 0.5, "gamma": 0.1, "g-steps": 3, "d-steps": 3,
        "lambda-grad": 0.1, "alpha": 10.0, "noise-amp": 0.1, "batch-norm": false,
    });
    for (key, value) in paper.as_object().unwrap() {
        assert_eq!(config[key], *value, "{key}");
    }
}

#[test]
fn a_file_may_name_the_preset() {
    let dir = folder();
    let dir = dir.path();
    let text = std::fs::read_to_string(dir.join("small.toml")).unwrap().replace("niter = 7\n", "");
    std::fs::write(dir.join("paper.toml"), format!("preset = \"paper\"\n{text}")).unwrap();
    assert_eq!(resolved(dir, &["a.png", "--config", "paper.toml"])["niter"], 2000);
    let quick = &resolved(dir, &["a.png", "--config", "paper.toml", "--preset", "quick"])["niter"];
    assert!(quick.as_u64() < Some(2000), "{quick}");
}

/// What a run stores has keys without a flag, which `--config` once refused.
#[test]
fn regression_a_runs_own_settings_make_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let first = tiny_run(dir, "first", &["--seed", "11", "--activation", "elu"]);
    succeeds(dir, ["train", "tiny.png", "--config", "first/config.toml", "--out", "second"]);
    let weights = |run| files(run)["stage-1/generator.safetensors"].clone();
    assert!(weights(&first) == weights(&dir.join("second")));
    std::fs::write(dir.join("odd.toml"), "spacing = \"wide\"").unwrap();
    assert!(refused(dir, ["train", "tiny.png", "--config", "odd.toml"]).contains("geometric"));
}

#[test]
fn the_official_programs_spellings_are_taken() {
    let dir = folder();
    let flags = [
        ("--train_stages", "2", "train-stages"),
        ("--train_depth", "1", "train-depth"),
        ("--lr_scale", "0.25", "lr-scale"),
        ("--min_size", "20", "min-size"),
        ("--max_size", "40", "max-size"),
        ("--nfc", "5", "filters"),
        ("--num_layer", "2", "layers"),
        ("--ker_size", "5", "kernel"),
        ("--lrelu_alpha", "0.3", "lrelu-alpha"),
        ("--lr_g", "0.125", "lr-g"),
        ("--lr_d", "0.25", "lr-d"),
        ("--Gsteps", "2", "g-steps"),
        ("--Dsteps", "4", "d-steps"),
        ("--lambda_grad", "0.75", "lambda-grad"),
        ("--noise_amp", "0.375", "noise-amp"),
        ("--manualSeed", "99", "seed"),
    ];
    let mut args = vec!["--input_name", "a.png", "--batch_norm"];
    args.extend(flags.iter().flat_map(|(flag, value, _)| [*flag, *value]));
    let config = resolved(dir.path(), &args);
    for (flag, value, key) in flags {
        assert_eq!(config[key].as_f64(), value.parse().ok(), "{flag}");
    }
    assert_eq!(config["batch-norm"], true);
    refused(dir.path(), ["train", "a.png", "--input_name", "a.png"]);
}

#[test]
fn a_dry_run_tells_and_writes_nothing() {
    let dir = folder();
    let dir = dir.path();
    let before = names(dir);
    let told = succeeds(dir, ["train", "a.png", "--dry-run", "--config", "small.toml", "--out", "run"]);
    let (settings, rest) = told.out.split_once("\n\n").unwrap();
    assert_eq!(settings.parse::<toml::Table>().unwrap()["niter"].as_integer(), Some(7));
    assert!(rest.contains("stage 0: 25x30\nstage 1: 34x40\n") && rest.contains("about "), "{rest}");
    let told = succeeds(dir, ["train", "a.png", "--dry-run", "--json", "--config", "small.toml"]);
    let value = &json_lines(&told.out)[0];
    assert_eq!(value["sizes"], serde_json::json!([[25, 30], [34, 40]]));
    assert!(value["seconds"].is_f64());
    assert_eq!(names(dir), before);
}

#[test]
fn batch_norm_is_a_switch_and_a_value() {
    let dir = folder();
    std::fs::write(
        dir.path().join("on.toml"),
        "batch-norm = true\ntrain-stages = 2\nmax-size = 40\nfilters = 4",
    )
    .unwrap();
    let norm = |args: &[&str]| {
        resolved(dir.path(), &[&["a.png", "--config", "on.toml"], args].concat())["batch-norm"].clone()
    };
    assert_eq!([norm(&[]), norm(&["--batch-norm=false"]), norm(&["--batch-norm"])], [true, false, true]);
}

#[test]
fn bad_files_are_named_with_their_line() {
    let dir = folder();
    let dir = dir.path();
    for (text, expected) in [
        ("niter = 5\nlr-g = = 3\n", "bad.toml:2: "),
        ("niter = 5\n\n\nfoo = 3\n", "bad.toml:4: unknown field `foo`"),
        ("niter = 5\nseed = \"a\"\n", "bad.toml:2: invalid type"),
        ("niter = 5.5", "bad.toml:1: invalid type"),
        ("niter = -5", "bad.toml:1: invalid value"),
        ("niter = 99999999999999999999999", "bad.toml:1: "),
        ("[niter]\na = 1", "bad.toml:1: invalid type"),
        ("niter = 5\nniter = 6", "bad.toml:2: duplicate key"),
        ("batch-norm = 1", "bad.toml:1: invalid type"),
        ("niter", "bad.toml:1: "),
        ("{\"niter\": 5}", "bad.toml:1: "),
        ("niter = 0", "niter is 0, it must be between 1 and 1000000"),
        ("lr-g = nan", "lr-g is NaN"),
        ("alpha = inf", "alpha is inf"),
        ("activation = \"relu\"", "there is no activation \"relu\""),
        ("preset = \"fast\"", "there is no preset \"fast\""),
        ("preset = \"a; b\"", "there is no preset \"a; b\""),
        (
            "max-size = 20",
            "the shorter side of the coarsest stage, 25 px, is larger than the longer side of the finest, 20 px",
        ),
    ] {
        std::fs::write(dir.join("bad.toml"), text).unwrap();
        let error = refused(dir, ["train", "a.png", "--config", "bad.toml"]);
        assert!(error.starts_with(&format!("error: {expected}")), "{text}: {error}");
    }
    std::fs::write(dir.join("bytes.toml"), b"a\xff\xfe").unwrap();
    std::fs::write(dir.join("long.toml"), vec![b'\n'; 2 << 20]).unwrap();
    let picture = asset("images/brick.png");
    for file in ["bytes.toml", "long.toml", "missing.toml", ".", "", picture.to_str().unwrap()] {
        refused(dir, ["train", "a.png", "--config", file]);
    }
    std::fs::write(dir.join("empty.toml"), "").unwrap();
    let small =
        ["a.png", "--config", "empty.toml", "--train-stages", "2", "--max-size", "40", "--filters", "4"];
    resolved(dir, &small);
}
