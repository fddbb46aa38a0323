//! A tiny run in a temporary directory, stopped in the middle and resumed; an observer prints its events.
//!
//! `cargo run --release -p train --example 01_tiny [PICTURE]`
#![allow(clippy::print_stdout)]

use candle_core::Device;
use std::error::Error;
use std::path::PathBuf;
use train::{Control, Event, Label, Noise, Outcome, Pace, Preset, Run, Task, TrainConfig, train};

fn main() -> Result<(), Box<dyn Error>> {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/images/coffee.jpg");
    let path = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(bundled), PathBuf::from);
    let picture = pyramid::load(&path)?;
    let config =
        TrainConfig { niter: 40, train_stages: 3, filters: 16, max_size: 60, ..TrainConfig::default() };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let label = Label { task: Task::Generation, preset: Preset::Custom, picture: name, maps: Vec::new() };

    let place = tempfile::tempdir()?;
    let dir = place.path().join("run");
    let mut run = Run::create(&dir, config, &picture, label)?;

    // Whatever implements `Observer` receives the events; a closure does.
    let mut stop_once = |event: &Event<'_>| {
        show(event);
        let half = matches!(event, Event::Iteration { stage: 1, done: 20 });
        if half { Control::Stop } else { Control::Continue }
    };
    let outcome = train(&mut run, &Noise, &Device::Cpu, Pace::default(), &mut stop_once)?;
    assert_eq!(outcome, Outcome::Stopped);

    println!("-- stopped; the same run, opened again");
    let mut run = Run::open(&dir)?;
    train(&mut run, &Noise, &Device::Cpu, Pace::default(), &mut |event: &Event<'_>| {
        show(event);
        Control::Continue
    })?;

    println!("-- noise amplitudes: {:.3?}", run.info.amps);
    let mut files: Vec<_> = std::fs::read_dir(&dir)?.collect::<std::io::Result<_>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        println!("   {}", file.file_name().to_string_lossy());
    }
    Ok(())
}

/// All events but the iterations.
fn show(event: &Event<'_>) {
    if !matches!(event, Event::Iteration { .. }) {
        println!("{event:?}");
    }
}
