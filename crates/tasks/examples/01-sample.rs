//! New pictures from a run, as wide again as its picture: `cargo run --release -p tasks --example 01-sample
//! [RUN [OUT]]`.
//!
//! Without a run a small one is trained first, for a few seconds and accordingly.
#![allow(clippy::print_stdout)]

use candle_core::Device;
use std::error::Error;
use std::path::{Path, PathBuf};
use tasks::{Preset, SampleRequest, Sampler, Target, Task, settings};
use train::{Control, Event, Label, Noise, Pace, Run, TrainConfig, train};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let temporary = std::env::temp_dir().join(format!("consingan-sample-{}", std::process::id()));
    let run = match arguments.next() {
        Some(dir) => Run::open(&dir)?,
        None => small_run(&temporary.join("run"))?,
    };
    let out = arguments.next().unwrap_or_else(|| temporary.join("samples"));
    std::fs::create_dir_all(&out)?;

    // Fresh noise everywhere, at another width; then the fixed noise at stage 0, which keeps the layout.
    let wide = SampleRequest { seed: 1, target: Target::Scale(1.0, 2.0), ..SampleRequest::default() };
    let alike = SampleRequest { seed: 1, start_stage: 1, ..SampleRequest::default() };
    for (name, request) in [("wide", wide), ("alike", alike)] {
        let sampler = Sampler::new(&run, &request, &Device::Cpu)?;
        let (height, width) = sampler.size();
        println!("{name}: {height}x{width}");
        for index in 0..3 {
            // Sample 2 is the same whether or not 0 and 1 were drawn before it.
            let image = sampler.sample(index)?;
            let path = out.join(format!("{name}-{index}.png"));
            train::picture(&image)?.save_png(&path)?;
            println!("  {}", path.display());
        }
    }
    Ok(())
}

fn small_run(dir: &Path) -> Result<Run, Box<dyn Error>> {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/images/summer-palace.jpg");
    let picture = pyramid::load(bundled.as_ref())?;
    let config = TrainConfig {
        niter: 100,
        train_stages: 3,
        filters: 32,
        max_size: 80,
        ..settings(Task::Generation, Preset::Quick)
    };
    let label = Label {
        task: Task::Generation,
        preset: Preset::Quick,
        picture: "summer-palace.jpg".into(),
        maps: Vec::new(),
    };
    let mut run = Run::create(dir, config, &picture, label)?;
    train(&mut run, &Noise, &Device::Cpu, Pace::default(), &mut |_: &Event<'_>| Control::Continue)?;
    Ok(run)
}
