//! Fine-tuning of a run's last stage: what stays, what changes, and that stopping leaves no trace.

use candle_core::{Device, Tensor};
use std::path::Path;
use tests::{files, picture};
use train::{Control, Event, Label, Noise, Outcome, Pace, Preset, Run, Task, TrainConfig, train};

const NITER: usize = 4;

fn trained(dir: &Path, stop: usize) -> Run {
    let image = dir.join("image.png");
    picture(48, 40).save(&image).unwrap();
    let label = Label {
        task: Task::Generation,
        preset: Preset::Quick,
        picture: "image.png".into(),
        maps: Vec::new(),
    };
    let config =
        TrainConfig { niter: NITER, train_stages: 2, max_size: 40, filters: 8, ..TrainConfig::default() };
    let mut run = Run::create(&dir.join("run"), config, &pyramid::load(&image).unwrap(), label).unwrap();
    go(&mut run, stop);
    run
}

/// Trains until `stop` iterations were done in this call.
fn go(run: &mut Run, stop: usize) -> Outcome {
    let mut count = 0;
    let mut observer = |e: &Event<'_>| {
        count += usize::from(matches!(e, Event::Iteration { .. }));
        if count >= stop && matches!(e, Event::Iteration { .. }) { Control::Stop } else { Control::Continue }
    };
    train(run, &Noise, &Device::Cpu, Pace::default(), &mut observer).unwrap()
}

fn tuned(dir: &Path, name: &str, from: &Run, niter: usize) -> Run {
    let (h, w) = from.info.sizes[0];
    let values = (0..h * w * 3).map(|i| (i % 17) as f32 / 9.0 - 0.9);
    let input = Tensor::from_iter(values, &Device::Cpu).unwrap().reshape((1, h, w, 3)).unwrap();
    Run::fine_tune(&dir.join(name), from, niter, &input, &Device::Cpu).unwrap()
}

#[test]
fn lower_stages_stay_and_the_last_changes() {
    let dir = tempfile::tempdir().unwrap();
    let from = trained(dir.path(), usize::MAX);
    let mut run = tuned(dir.path(), "tuned", &from, 3);
    assert_eq!((run.info.stages_done, run.config.niter), (1, 3));
    let input = run.first_input(&Device::Cpu).unwrap().expect("the input is stored");
    assert_eq!(input.dims(), [1, run.info.sizes[0].0, run.info.sizes[0].1, 3]);
    assert_eq!(go(&mut run, usize::MAX), Outcome::Finished);
    let (before, after) = (files(&from.dir), files(&run.dir));
    for name in ["pyramid.safetensors", "fixed_noise.safetensors", "pyramid.png", "samples/stage-0.png"] {
        assert!(before[name] == after[name], "{name} must stay");
    }
    for network in ["generator", "discriminator"] {
        let (lower, last) =
            (format!("stage-0/{network}.safetensors"), format!("stage-1/{network}.safetensors"));
        assert!(before[&lower] == after[&lower] && before[&last] != after[&last], "{network}");
    }
    assert_eq!(Run::open(&run.dir).unwrap().info.amps, from.info.amps);
    assert!(!after.contains_key("checkpoint.safetensors"));
    let log = String::from_utf8(after["events.jsonl"].clone()).unwrap();
    let first = log.lines().next().unwrap();
    assert!(first.starts_with(r#"{"event":"stage","stage":1,"#), "{first}");
}

#[test]
fn stopped_anywhere_it_ends_in_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let from = trained(dir.path(), usize::MAX);
    let mut whole = tuned(dir.path(), "whole", &from, 3);
    go(&mut whole, usize::MAX);
    let whole = files(&whole.dir);
    for stop in 1..3 {
        let name = format!("stopped-{stop}");
        let mut run = tuned(dir.path(), &name, &from, 3);
        assert_eq!(go(&mut run, stop), Outcome::Stopped);
        let mut run = Run::open(&run.dir).unwrap();
        assert_eq!(go(&mut run, usize::MAX), Outcome::Finished);
        let stopped = files(&run.dir);
        assert!(
            whole
                .keys()
                .filter(|n| !n.contains("tfevents"))
                .eq(stopped.keys().filter(|n| !n.contains("tfevents")))
        );
        for (name, bytes) in &whole {
            if name.ends_with(".safetensors") || name.ends_with(".png") || name.ends_with(".toml") {
                assert!(stopped[name] == *bytes, "{name} after a stop at {stop}");
            }
        }
    }
}

#[test]
fn unfinished_runs_and_names_that_are_taken_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let from = trained(dir.path(), NITER + 1);
    let (h, w) = from.info.sizes[0];
    let input = Tensor::zeros((1, h, w, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
    let tune = |name: &str, niter| {
        let made = Run::fine_tune(&dir.path().join(name), &from, niter, &input, &Device::Cpu);
        made.expect_err("is refused").to_string()
    };
    assert!(tune("tuned", 3).contains("is not finished"));
    assert!(!dir.path().join("tuned").exists());
    let mut from_again = Run::open(&from.dir).unwrap();
    go(&mut from_again, usize::MAX);
    let again = |name: &str, niter| {
        let made = Run::fine_tune(&dir.path().join(name), &from_again, niter, &input, &Device::Cpu);
        made.expect_err("is refused").to_string()
    };
    assert!(again("run", 3).contains("exists already"));
    assert!(again("tuned", 0).contains("niter"));
    assert!(!dir.path().join("tuned").exists());
}
