//! A run that was stopped, anywhere and as often as one likes, ends as one that was not.

use candle_core::Device;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use tests::{Json, files, json, json_lines, names, picture, refused, succeeds, tiny_run};
use train::{Control, Event, Label, Noise, Outcome, Pace, Preset, Run, Task, TrainConfig, train};

const NITER: usize = 5;
const STAGES: usize = 2;

fn small() -> TrainConfig {
    TrainConfig { niter: NITER, train_stages: STAGES, max_size: 40, filters: 8, ..TrainConfig::default() }
}

/// Rates so high that the guard goes back once in some stage, and not so high that it has to give up. Which ones do that
/// hangs on the last bit of every sum, so that they are looked for.
fn wild() -> TrainConfig {
    static WILD: LazyLock<TrainConfig> = LazyLock::new(|| {
        let dir = tempfile::tempdir().unwrap();
        let goes_back_once = |config: &TrainConfig| {
            let mut run = create(dir.path(), &format!("lr-{}", config.lr_d), config.clone());
            let mut back = false;
            let mut observer = |e: &Event<'_>| {
                back |= matches!(e, Event::WentBack { .. });
                Control::Continue
            };
            train(&mut run, &Noise, &Device::Cpu, Pace::default(), &mut observer).is_ok() && back
        };
        let rates = (8..60).map(|i| f64::from(i) * 0.01);
        let mut configs = rates.map(|lr| TrainConfig { niter: 25, lr_g: lr, lr_d: lr, ..small() });
        configs.find(goes_back_once).expect("a rate at which training explodes and recovers")
    });
    WILD.clone()
}

/// A new run in `dir/name`.
fn create(dir: &Path, name: &str, config: TrainConfig) -> Run {
    let image = dir.join("image.png");
    picture(48, 40).save(&image).unwrap();
    let label = Label {
        task: Task::Generation,
        preset: Preset::Quick,
        picture: "image.png".into(),
        maps: Vec::new(),
    };
    Run::create(&dir.join(name), config, &pyramid::load(&image).unwrap(), label).unwrap()
}

/// Trains until `stop` says so. With a checkpoint at every iteration if `eager`.
fn go(run: &mut Run, eager: bool, mut stop: impl FnMut(&Event<'_>) -> bool) -> Outcome {
    let checkpoint_every = if eager { Duration::ZERO } else { Duration::from_secs(3600) };
    let pace = Pace { log_every: 2, checkpoint_every };
    let mut observer = |e: &Event<'_>| if stop(e) { Control::Stop } else { Control::Continue };
    train(run, &Noise, &Device::Cpu, pace, &mut observer).unwrap()
}

fn whole_run(dir: &Path, config: TrainConfig) -> PathBuf {
    let mut run = create(dir, "whole", config);
    assert_eq!(go(&mut run, false, |_| false), Outcome::Finished);
    run.dir
}

/// All files with what a clock wrote taken out.
fn timeless(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(run);
    let without_times = |mut value: Json| {
        for key in ["time", "seconds"] {
            value.as_object_mut().unwrap().remove(key);
        }
        value
    };
    let info = without_times(json(&run.join("run.json")));
    let events = json_lines(&String::from_utf8(found["events.jsonl"].clone()).unwrap());
    let events: Vec<Json> = events.into_iter().map(without_times).collect();
    // Seconds have more digits or fewer: lengths of the log differ.
    let info = info.as_object().unwrap().iter().filter(|(key, _)| *key != "logs");
    found.insert("run.json".into(), format!("{:?}", info.collect::<Vec<_>>()).into());
    found.insert("events.jsonl".into(), format!("{events:?}").into());
    let tensorboard = found.keys().find(|name| name.contains("tfevents")).unwrap().clone();
    let length = found[&tensorboard].len();
    found.insert(tensorboard, length.to_string().into());
    found
}

#[track_caller]
fn assert_same(run: &Path, whole: &BTreeMap<String, Vec<u8>>, story: &str) {
    let found = timeless(run);
    assert_eq!(found.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "files after {story}");
    for (name, bytes) in whole {
        assert!(found[name] == *bytes, "{name} differs after {story}");
    }
}

/// A moment of a run: after an iteration, or (none) after a stage.
fn moment(event: &Event<'_>) -> Option<(usize, Option<usize>)> {
    match *event {
        Event::Iteration { stage, done } => Some((stage, Some(done))),
        Event::StageFinished { stage, .. } => Some((stage, None)),
        _ => None,
    }
}

#[test]
fn stopped_once_at_every_moment() {
    let dir = tempfile::tempdir().unwrap();
    let whole = timeless(&whole_run(dir.path(), small()));
    for stage in 0..STAGES {
        for at in (1..=NITER).map(Some).chain([None]) {
            if (stage, at) == (STAGES - 1, None) {
                continue; // That is the end.
            }
            let story = format!("a stop at stage {stage}, iteration {at:?}");
            let mut run = create(dir.path(), &format!("run-{stage}-{at:?}"), small());
            assert_eq!(go(&mut run, false, |e| moment(e) == Some((stage, at))), Outcome::Stopped, "{story}");
            assert_eq!(run.dir.join("checkpoint.safetensors").exists(), at.is_some(), "{story}");
            // What is on disk says it all: the run is opened anew.
            let mut run = Run::open(&run.dir).unwrap();
            let mut first = None;
            let finished = go(&mut run, false, |e| {
                if let Event::Resumed { stage, iteration } = *e {
                    first = Some((stage, iteration));
                }
                false
            });
            assert_eq!(finished, Outcome::Finished, "{story}");
            assert_eq!(first, Some(at.map_or((stage + 1, 0), |at| (stage, at))), "{story}");
            assert_same(&run.dir, &whole, &story);
        }
    }
}

#[test]
fn stopped_after_every_iteration() {
    let dir = tempfile::tempdir().unwrap();
    for (name, config) in [("calm", small()), ("wild", wild())] {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let whole = timeless(&whole_run(&dir, config.clone()));
        assert_eq!(went_back(&whole), name == "wild");
        let path = create(&dir, "run", config).dir;
        let mut stops = 0;
        while go(&mut Run::open(&path).unwrap(), false, |e| moment(e).is_some()) == Outcome::Stopped {
            stops += 1;
            assert!(stops < 100, "no end");
        }
        assert!(stops >= STAGES * NITER);
        assert_same(&path, &whole, &format!("a stop after every iteration, {name}"));
    }
}

/// What a kill leaves is what lies on disk at some moment: a copy of it, with logs that are not flushed and checkpoints
/// of all ages.
#[test]
fn killed_at_every_event() {
    let dir = tempfile::tempdir().unwrap();
    for (name, config, eager) in [("lazy", small(), false), ("eager", small(), true), ("wild", wild(), true)]
    {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let whole = timeless(&whole_run(&dir, config.clone()));
        let mut run = create(&dir, "run", config);
        let (from, mut copies, mut events) = (run.dir.clone(), Vec::new(), 0);
        go(&mut run, eager, |e| {
            // Wild runs have many events, and each of these runs ends like a whole one.
            events += 1;
            if name != "wild" || events % 7 == 0 {
                let to = dir.join(format!("copy-{events}"));
                copy(&from, &to);
                copies.push((to, format!("a kill at {e:?}, {name}")));
            }
            false
        });
        assert_same(&run.dir, &whole, &format!("checkpoints, {name}"));
        assert!(copies.len() > STAGES * NITER);
        for (path, story) in copies {
            let mut run = Run::open(&path).unwrap();
            if !run.is_finished() {
                assert_eq!(go(&mut run, false, |_| false), Outcome::Finished, "{story}");
            }
            assert_same(&path, &whole, &story);
        }
    }
}

/// Whether the guard went back somewhere: else the test would not show what it is for.
fn went_back(whole: &BTreeMap<String, Vec<u8>>) -> bool {
    String::from_utf8_lossy(&whole["events.jsonl"]).contains("went-back")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for name in names(from) {
        let target = to.join(&name);
        if name.ends_with('/') {
            std::fs::create_dir(target).unwrap();
        } else {
            std::fs::copy(from.join(&name), target).unwrap();
        }
    }
}

/// A kill in the middle of a write left its temporary file in the run for ever, one between the last stage's end and the
/// removal of its checkpoint left that.
#[test]
fn regression_nothing_of_a_kill_stays() {
    let dir = tempfile::tempdir().unwrap();
    let whole = whole_run(dir.path(), small());
    let mut run = create(dir.path(), "run", small());
    go(&mut run, false, |e| moment(e) == Some((1, Some(2))));
    let checkpoint = std::fs::read(run.dir.join("checkpoint.safetensors")).unwrap();
    let left = [
        ".checkpoint.safetensors.4294967295-1a.tmp",
        "samples/.stage-0.png.4294967295-2b.tmp",
        "stage-0/.generator.safetensors.4294967295-3.tmp",
    ];
    let leave =
        |names: &[&str]| names.iter().for_each(|name| std::fs::write(run.dir.join(name), "half").unwrap());
    leave(&left);
    go(&mut Run::open(&run.dir).unwrap(), false, |_| false);
    assert_eq!(names(&run.dir), names(&whole));

    std::fs::write(run.dir.join("checkpoint.safetensors"), &checkpoint).unwrap();
    leave(&[".run.json.4294967295-c4.tmp"]);
    let told = succeeds(dir.path(), ["train", "--resume", "run"]);
    assert!(told.err.contains("run is finished"), "{}", told.err);
    // The program writes the report that the library alone does not.
    std::fs::remove_file(run.dir.join("report.html")).unwrap();
    assert_eq!(names(&run.dir), names(&whole));
}

#[test]
fn a_checkpoint_of_another_stage_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let whole = timeless(&whole_run(dir.path(), small()));
    let mut run = create(dir.path(), "run", small());
    go(&mut run, false, |e| moment(e) == Some((0, Some(NITER))));
    let checkpoint = std::fs::read(run.dir.join("checkpoint.safetensors")).unwrap();
    let mut run = Run::open(&run.dir).unwrap();
    go(&mut run, false, |e| moment(e) == Some((0, None)));
    std::fs::write(run.dir.join("checkpoint.safetensors"), checkpoint).unwrap();
    let mut run = Run::open(&run.dir).unwrap();
    go(&mut run, false, |_| false);
    assert_same(&run.dir, &whole, "a checkpoint of the stage before");
}

#[test]
fn a_finished_run_says_so_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let run = tiny_run(dir.path(), "run", &[]);
    let before = files(&run);
    let told = succeeds(dir.path(), ["train", "--resume", "run"]);
    assert!(told.err.contains("run is finished"), "{}", told.err);
    // Its own settings are no change.
    succeeds(dir.path(), ["train", "--resume", "run", "--niter", "4", "--threads", "1"]);
    for (change, name) in [
        (["--train-stages", "8"], "train-stages is 2 there, 8 was asked for"),
        (["--max-size", "80"], "max-size is 40 there, 80 was asked for"),
        (["--niter", "5"], "niter is 4 there"),
        (["--seed", "1"], "seed is 0 there"),
        (["--train-stages", "99"], "between 1 and 32"),
        (["--preset", "paper"], "cannot be used with"),
        (["--out", "other"], "cannot be used with"),
    ] {
        let error = refused(dir.path(), ["train", "--resume", "run"].into_iter().chain(change));
        assert!(error.contains(name), "{error}");
    }
    assert!(refused(dir.path(), ["train", "tiny.png", "--resume", "run"]).contains("cannot be used with"));
    // It once trained, without a word about it.
    assert!(refused(dir.path(), ["train", "--resume", "run", "--dry-run"]).contains("cannot be used with"));
    assert!(files(&run) == before);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_train_the_run_at_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = create(dir.path(), "run", small());
    let mut other = None;
    go(&mut run, true, |_| {
        other.get_or_insert_with(|| refused(dir.path(), ["train", "--resume", "run", "--quiet"]));
        false
    });
    assert!(other.unwrap().contains("another process"));
    // Who is done is in nobody's way.
    assert!(tests::tell(dir.path(), ["train", "--resume", "run"]).err.contains("nothing to do"));
}
