//! `consingan train`: what a run leaves, and that its seed says everything about its bytes.

use std::collections::BTreeMap;
use std::path::Path;
use tests::{TINY, files, json, json_lines, names, picture, refused, succeeds, tiny_run};

/// All that a run computed: networks, noise, pictures.
fn computed(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let kept = |name: &str| name.ends_with(".safetensors") || name.ends_with(".png");
    files(run).into_iter().filter(|(name, _)| kept(name)).collect()
}

#[test]
fn the_seed_says_everything_whatever_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    // More than one tile of work a thread, and a stage below the trained ones.
    let more = |seed, threads| {
        [
            "--seed",
            seed,
            "--threads",
            threads,
            "--train-stages",
            "3",
            "--train-depth",
            "2",
            "--max-size",
            "44",
        ]
    };
    let one = computed(&tiny_run(dir.path(), "one", &more("7", "1")));
    assert_eq!(one.keys().filter(|name| name.ends_with("generator.safetensors")).count(), 3);
    for threads in ["2", "3", "5"] {
        let other = computed(&tiny_run(dir.path(), threads, &more("7", threads)));
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, bytes) in &one {
            assert!(*bytes == other[name], "{name} depends on the number of threads ({threads})");
        }
    }
    let other = computed(&tiny_run(dir.path(), "other", &more("8", "2")));
    for name in one.keys().filter(|name| name.starts_with("stage-") || name.starts_with("fixed_noise")) {
        assert!(one[name] != other[name], "{name} does not depend on the seed");
    }
    assert!(one["pyramid.safetensors"] == other["pyramid.safetensors"]);
}

#[test]
fn a_finished_run_holds_these_files() {
    let dir = tempfile::tempdir().unwrap();
    let run = tiny_run(dir.path(), "deep/down/run", &["--seed", "3"]);
    let mut expected = vec!["samples/", "stage-0/", "stage-1/", "config.toml", "run.json", "events.jsonl"];
    expected.extend([
        "events.out.tfevents.0000000000.consingan",
        "fixed_noise.safetensors",
        "pyramid.safetensors",
    ]);
    expected.extend(["pyramid.png", "report.html", "samples/stage-0.png", "samples/stage-1.png"]);
    expected.extend(["stage-0/generator.safetensors", "stage-0/discriminator.safetensors"]);
    expected.extend(["stage-1/generator.safetensors", "stage-1/discriminator.safetensors"]);
    assert_eq!(names(&run), expected.into_iter().map(String::from).collect());

    let info = json(&run.join("run.json"));
    assert_eq!(info["format"], 2);
    assert_eq!(info["seed"], 3);
    assert_eq!(info["picture"], "tiny.png");
    assert_eq!(info["picture_size"], serde_json::json!([40, 48]));
    assert_eq!(info["stages_done"], 2);
    assert_eq!(info["sizes"][1], serde_json::json!([34, 40]));
    let config: toml::Table = std::fs::read_to_string(run.join("config.toml")).unwrap().parse().unwrap();
    assert_eq!(config["niter"].as_integer(), Some(4));
    assert_eq!(config["filters"].as_integer(), Some(8));
    assert_eq!(config["seed"].as_integer(), Some(3));
}

#[test]
fn the_log_has_each_logged_iteration_once() {
    let dir = tempfile::tempdir().unwrap();
    let run = tiny_run(dir.path(), "run", &["--niter", "23"]);
    let lines = json_lines(&std::fs::read_to_string(run.join("events.jsonl")).unwrap());
    let logged: Vec<(u64, u64)> = lines
        .iter()
        .filter(|l| l["event"] == "iteration")
        .map(|l| (l["stage"].as_u64().unwrap(), l["iteration"].as_u64().unwrap()))
        .collect();
    assert_eq!(logged, [(0, 1), (0, 11), (0, 21), (0, 23), (1, 1), (1, 11), (1, 21), (1, 23)]);
    for name in ["d_real", "d_fake", "gradient_penalty", "g_adversarial", "reconstruction"] {
        assert!(lines.iter().filter(|l| l["event"] == "iteration").all(|l| l[name].is_f64()), "{name}");
    }
    assert_eq!(lines.last().unwrap()["event"], "done");
}

#[test]
fn names_that_are_taken_get_a_number() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("my picture.png")).unwrap();
    let train = || succeeds(dir.path(), ["train", "my picture.png"].into_iter().chain(TINY));
    let told = train();
    assert!(told.err.contains("runs/my picture") || cfg!(windows), "{}", told.err);
    train();
    std::fs::write(dir.path().join("runs/my picture-3"), "a file is a name too").unwrap();
    train();
    let runs: Vec<String> =
        names(&dir.path().join("runs")).into_iter().filter(|n| n.ends_with("run.json")).collect();
    assert_eq!(runs, ["my picture-2/run.json", "my picture-4/run.json", "my picture/run.json"]);
    let named = ["train", "my picture.png", "--out", "runs/my picture"].into_iter().chain(TINY);
    assert!(refused(dir.path(), named).contains("exists already"));
}

#[test]
fn without_a_terminal_it_logs_plain_lines() {
    let dir = tempfile::tempdir().unwrap();
    picture(96, 80).save(dir.path().join("large.png")).unwrap();
    let told = succeeds(dir.path(), ["train", "large.png", "--out", "run"].into_iter().chain(TINY));
    assert!(!told.err.contains(['\u{1b}', '\r']), "{:?}", told.err);
    assert!(told.err.contains("80x96") && told.err.contains("scaled down to 34x40"), "{}", told.err);
    let end = told.err.lines().rev().take(4).collect::<String>();
    assert!(end.contains("consingan sample run") && end.contains("stage-1.png"), "{}", told.err);
    assert_eq!(told.out, "");
}

#[test]
fn json_lines_tell_the_whole_story() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    let told =
        succeeds(dir.path(), ["train", "a.png", "--out", "run", "--json", "--quiet"].into_iter().chain(TINY));
    assert_eq!(told.err, "");
    let lines = json_lines(&told.out);
    let events: Vec<&str> = lines.iter().map(|l| l["event"].as_str().unwrap()).collect();
    let stage = ["stage", "iteration", "iteration", "stage-done"];
    assert_eq!(events, [&stage[..], &stage, &["done"]].concat());
    let again = succeeds(dir.path(), ["train", "--resume", "run", "--json"]);
    assert_eq!(json_lines(&again.out), [serde_json::json!({"event": "done"})]);
}

#[test]
fn one_stage_is_the_whole_picture_alone() {
    let dir = tempfile::tempdir().unwrap();
    let run = tiny_run(dir.path(), "run", &["--train-stages", "1"]);
    assert_eq!(json(&run.join("run.json"))["sizes"], serde_json::json!([[34, 40]]));
}

#[test]
fn every_activation_and_batch_norm_train() {
    let dir = tempfile::tempdir().unwrap();
    for activation in ["lrelu", "elu", "selu", "prelu"] {
        for norm in ["false", "true"] {
            let norm = format!("--batch-norm={norm}");
            tiny_run(
                dir.path(),
                &format!("{activation}{norm}"),
                &["--activation", activation, &norm, "--niter", "2"],
            );
        }
    }
}

/// Losses that are no numbers once went on to the end of the stage, where the sheet was refused as a picture.
#[test]
fn regression_a_run_that_blows_up_says_so() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    let mut args =
        vec!["train", "a.png", "--out", "run", "--quiet", "--max-size", "40", "--train-stages", "1"];
    args.extend(["--filters", "32", "--niter", "30", "--lr-g", "1", "--lr-d", "1", "--lrelu-alpha", "1"]);
    args.extend(["--layers", "11", "--lambda-grad", "1000", "--d-steps", "20"]);
    let told = tests::tell(dir.path(), args);
    assert_eq!(told.status, Some(2), "{}", told.err);
    assert!(told.err.starts_with("error: training collapsed again at stage 0, iteration "), "{}", told.err);
    assert!(told.err.contains("hint: try lower --lr-g"), "{}", told.err);
}
