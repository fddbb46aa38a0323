//! `consingan train`: settings, run directory, training, and what is told at the end.

use crate::args::TrainArgs;
use crate::config::{Overrides, Resolved, resolve};
use crate::output::{duration, line};
use crate::places::free_name;
use crate::progress::Progress;
use crate::report;
use anyhow::{Context, Result, bail};
use candle_core::Device;
use pyramid::Picture;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tasks::{Task, first_input};
use train::{Label, Outcome, Pace, Run, TrainConfig, iteration_cost, time_stage, train};

pub(crate) fn run(args: Box<TrainArgs>) -> Result<ExitCode> {
    args.threads.apply();
    let device = args.device.open()?;
    let mut run = match &args.resume {
        Some(dir) => {
            let run = Run::open(dir)?;
            refuse_changes(&run, &args.settings)?;
            if run.is_finished() {
                // The very end may have been cut short.
                run.tidy()?;
                if !run.dir.join(report::FILE).exists() {
                    write_report(&run);
                }
                if args.json {
                    line(&serde_json::json!({"event": "done"}).to_string());
                }
                tracing::info!("{} is finished; nothing to do", dir.display());
                return Ok(ExitCode::SUCCESS);
            }
            run
        }
        None => match create(&args, &device)? {
            Some(run) => run,
            None => return Ok(ExitCode::SUCCESS),
        },
    };
    tell_start(&run);
    let stop = stop_signals()?;
    let mut progress = Progress::new(&run, stop, args.json);
    let first = first_input(&run, &device)?;
    let outcome = train(&mut run, first.as_ref(), &device, Pace::default(), &mut progress)?;
    progress.finish();
    if outcome == Outcome::Stopped {
        return Ok(stopped(&run));
    }
    let samples = run.dir.join("samples");
    tracing::info!("done in {}", duration(run.info.seconds.iter().sum()));
    tracing::info!(
        "samples: {}",
        samples.join(format!("stage-{}.png", run.config.train_stages - 1)).display()
    );
    write_report(&run);
    let dir = run.dir.display();
    match Task::of(&run)? {
        Task::Harmonization => tracing::info!("use it: consingan harmonize {dir} PICTURE"),
        Task::Editing => tracing::info!("use it: consingan edit {dir} PICTURE"),
        _ => tracing::info!("more of them, at any size: consingan sample {dir} -n 16 --size 200x400"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The report of a finished run. The run is what matters, and it is whole: that there is none is only told.
fn write_report(run: &Run) {
    match report::at_the_end(run) {
        Ok(path) => tracing::info!("report: {}", path.display()),
        Err(e) => {
            tracing::warn!("no report was written ({e}); try again: consingan report {}", run.dir.display());
        }
    }
}

/// Tells how to go on with a run that was stopped; the exit status.
pub(crate) fn stopped(run: &Run) -> ExitCode {
    tracing::warn!("stopped; go on with: consingan train --resume {}", run.dir.display());
    ExitCode::from(130)
}

/// Everything that can be wrong is found before anything is written.
fn create(args: &TrainArgs, device: &Device) -> Result<Option<Run>> {
    let image = args.image.as_ref().or(args.input_name.as_ref()).context("no picture was named")?;
    let picture = pyramid::load(image)?;
    let Resolved { task, preset, config } = resolve(args, &picture, device)?;
    let smallest = config.net(picture.channels()).receptive_field();
    let sizes = config.schedule().sizes(picture.size(), smallest)?;
    if args.dry_run {
        dry_run(&config, &picture, smallest, device, args.json)?;
        return Ok(None);
    }
    let stem = image.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let dir = match &args.out {
        Some(out) => out.clone(),
        None => free_name(&Path::new("runs").join(stem)),
    };
    let name = image.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let label = Label { task: task.name().into(), preset: preset.name().into(), picture: name };
    let run = Run::create(&dir, config, &picture, label)?;
    let (h, w) = picture.size();
    let last = sizes[sizes.len() - 1];
    if last != (h, w) {
        let max_size = run.config.max_size;
        tracing::info!(
            "the picture is {h}x{w}; it is scaled down to {}x{} (--max-size {max_size})",
            last.0,
            last.1
        );
    }
    Ok(Some(run))
}

fn tell_start(run: &Run) {
    let sizes: Vec<String> = run.info.sizes.iter().map(|(h, w)| format!("{h}x{w}")).collect();
    tracing::info!("run directory: {}", run.dir.display());
    tracing::info!(
        "preset {}: {} stages ({}), {} iterations each, {} threads",
        run.info.preset,
        sizes.len(),
        sizes.join(", "),
        run.config.niter,
        kernels::threads()
    );
}

/// A run keeps the settings it began with: its finished stages were made with them.
fn refuse_changes(run: &Run, settings: &Overrides) -> Result<()> {
    let mut config = run.config.clone();
    settings.apply(&mut config)?;
    config.check()?;
    if config == run.config {
        return Ok(());
    }
    let (old, new) = (toml::Table::try_from(&run.config)?, toml::Table::try_from(&config)?);
    let change = |(key, value): (&String, &toml::Value)| {
        let old = old.get(key)?;
        (old != value).then(|| format!("{key} is {old} there, {value} was asked for"))
    };
    let changes: Vec<String> = new.iter().filter_map(change).collect();
    bail!(
        "{}: a run keeps the settings it began with ({}); train a new run with these settings, or resume without them",
        run.dir.display(),
        changes.join(", ")
    )
}

/// Settings, pyramid, and the time it will take, from a few real iterations.
fn dry_run(
    config: &TrainConfig,
    picture: &Picture,
    smallest: usize,
    device: &Device,
    json: bool,
) -> Result<()> {
    let pictures = pyramid::pyramid(picture, &config.schedule(), smallest)?;
    let sizes: Vec<(usize, usize)> = pictures.iter().map(Picture::size).collect();
    let (mut rate, mut total, begun) = (0.0, 0.0, Instant::now());
    for stage in 0..sizes.len() {
        let cost = iteration_cost(config, &sizes[..=stage]);
        // Stages that would take long are estimated from the one before.
        if begun.elapsed().as_secs_f64() < 4.0 || rate == 0.0 {
            let times = time_stage(config, &pictures, stage, 1, 2, device)?;
            rate = times.iter().map(|t| t.as_secs_f64()).fold(f64::INFINITY, f64::min) / cost;
        }
        total += rate * cost * config.niter as f64;
    }
    if json {
        line(&serde_json::json!({"config": config, "sizes": sizes, "seconds": total.round()}).to_string());
        return Ok(());
    }
    line(&toml::to_string(config).context("settings")?);
    for (k, (h, w)) in sizes.iter().enumerate() {
        line(&format!("stage {k}: {h}x{w}"));
    }
    line(&format!("about {} on this machine with {} threads", duration(total), kernels::threads()));
    Ok(())
}

/// Set by Ctrl-C and SIGTERM; a second one ends the program at once.
pub(crate) fn stop_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .context("signals")?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("signals")?;
    }
    Ok(stop)
}
