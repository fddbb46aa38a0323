//! `consingan train`: settings, run directory, training, and what is told at the end.

mod dry_run;

use crate::after_training::{REPORT, report_finished, tell_stopped};
use crate::arguments::{Json, Threads};
use crate::blank;
use crate::config::{Layers, Resolved, resolve};
use crate::device::DeviceArgs;
use crate::output::{duration, quoted};
use crate::pictures::{PageArg, WithArg, given, tell_maps, with};
use crate::progress::{print_event, train_shown};
use crate::refusal::refusal;
use crate::settings::Overrides;
use crate::signals::Interrupt;
use crate::sizes::too_few_stages;
use crate::status::stopped;
use anyhow::Result;
use clap::Args;
use consingan::{Device, Kind, Options, Outcome, Place, Run, Source, Task};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Debug, Args)]
#[command(mut_arg("json", |arg| arg.help("Print events (or the dry run) as JSON lines on standard output")))]
pub(crate) struct TrainArgs {
    /// The picture: JPEG, PNG, WebP, BMP, TIFF, OpenEXR, Radiance HDR or GIF (first frame)
    #[arg(required_unless_present_any = ["resume", "input_name"])]
    image: Option<PathBuf>,
    /// A picture of the same size that is generated together with the first, such as a normal map: FILE, or FILE:labels for a
    /// segmentation, FILE:normals, FILE:colour; may be repeated
    #[arg(long, value_name = "FILE[:KIND]", value_parser = with, conflicts_with = "resume")]
    with: Vec<WithArg>,
    #[command(flatten)]
    page: PageArg,
    /// The official program's way to name the picture
    #[arg(long, hide = true, conflicts_with = "image")]
    input_name: Option<PathBuf>,
    /// The run directory to make [default: runs/NAME, numbered where the name is taken]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What for: generation, retarget (other sizes and shapes), animation, harmonization, editing or paint [default: generation]
    #[arg(long, alias = "train-mode", value_name = "TASK")]
    task: Option<String>,
    /// Named settings: quick (minutes), auto (what --minutes allow) or paper (the official program's) [default: quick]
    #[arg(long)]
    preset: Option<String>,
    /// How long training may take, for --preset auto: sizes, stages and iterations are chosen for it [default: 5]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    minutes: Option<f64>,
    /// Settings from a TOML file; keys are the flags' names. The command line wins over it, it over the preset
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Go on with the run in this directory, from where it was stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = ["image", "input_name", "out", "config", "preset", "minutes", "task", "dry_run"])]
    resume: Option<PathBuf>,
    /// Print settings, pyramid and an estimate of the time, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten, next_help_heading = "Settings (defaults are the preset's)")]
    settings: Overrides,
}

pub(crate) fn run(args: &TrainArgs) -> Result<ExitCode> {
    let begun = Instant::now();
    args.threads.apply();
    let device = args.device.open()?;
    let mut run = match &args.resume {
        Some(dir) => {
            let run = consingan::open(dir)?;
            refuse_changes(&run, &args.settings)?;
            if run.is_finished() {
                finish_again(&run, args.json.wanted)?;
                tracing::info!("{} is finished; nothing to do", dir.display());
                return Ok(blank::status(&run));
            }
            run.on(device)
        }
        None => match create(args, device)? {
            Some(run) => run,
            None => return Ok(ExitCode::SUCCESS),
        },
    };
    tell_start(&run);
    if args.resume.is_none()
        && let Some(told) = too_few_stages(run.config(), run.info().picture_size)
    {
        tracing::warn!("{told}");
    }
    let stop = Interrupt::listen()?;
    if train_shown(&mut run, &stop, args.json.wanted)? == Outcome::Stopped {
        tell_stopped(&run);
        return Ok(stopped());
    }
    tell_end(&run, begun, &stop);
    Ok(blank::status(&run))
}

/// Does what is left to do for a finished run, whose very end may have been cut short.
fn finish_again(run: &Run, json: bool) -> Result<()> {
    run.tidy()?;
    if !run.dir().join(REPORT).exists() {
        write_report(run, &Interrupt::listen()?);
    }
    if json {
        print_event(&blank::done(run));
    }
    Ok(())
}

fn write_report(run: &Run, stop: &Interrupt) {
    if let Some(path) = report_finished(run, stop) {
        tracing::info!("report: {}", path.display());
    }
}

/// The run that the arguments ask for; none for a dry run. Everything that can be wrong is found before anything is
/// written.
fn create(args: &TrainArgs, device: Device) -> Result<Option<Run>> {
    let image = args.image.as_ref().or(args.input_name.as_ref());
    let image = image.ok_or_else(|| refusal("no picture was named", "name one, or a run with --resume"))?;
    if !args.dry_run {
        let usual = || Place::free("runs/run");
        args.out.clone().map_or_else(usual, Place::At).check(Kind::Directory)?;
    }
    let given = given(image, args.page, &args.with)?;
    let (picture, maps) = consingan::stack(&given)?;
    let layers = Layers {
        task: args.task.as_deref(),
        preset: args.preset.as_deref(),
        minutes: args.minutes,
        file: args.config.as_deref(),
        flags: &args.settings,
    };
    let Resolved { task, preset, config } = resolve(layers, &picture, &device)?;
    let smallest = config.net(picture.channels()).receptive_field();
    let sizes = config.schedule().sizes(picture.size(), smallest)?;
    if args.dry_run {
        dry_run::dry_run(&config, &picture, &device, args.json.wanted)?;
        return Ok(None);
    }
    let name = image.file_name().unwrap_or_default().to_string_lossy().into_owned();
    tell_maps(&maps);
    let source = Source::Aligned { pictures: given, name };
    let options =
        Options { config, out: args.out.clone(), device: Some(device), ..Options::of(task, preset) };
    let run = consingan::create(source, &options)?;
    let (h, w) = picture.size();
    let last = sizes[sizes.len() - 1];
    if last != (h, w) {
        let max_size = run.config().max_size;
        tracing::info!(
            "the picture is {h}x{w}; it is scaled down to {}x{} (--max-size {max_size})",
            last.0,
            last.1
        );
    }
    Ok(Some(run))
}

/// Logs what is about to be trained.
fn tell_start(run: &Run) {
    let info = run.info();
    let sizes: Vec<String> = info.sizes.iter().map(|(h, w)| format!("{h}x{w}")).collect();
    tracing::info!("run directory: {}", run.dir().display());
    tracing::info!(
        "preset {}: {} stages ({}), {} iterations each, {} threads",
        info.preset.name(),
        sizes.len(),
        sizes.join(", "),
        run.config().niter,
        consingan::threads()
    );
}

/// Logs how long it took, where samples are, and what can be done with the run.
fn tell_end(run: &Run, begun: Instant, stop: &Interrupt) {
    let sheet = run.dir().join("samples").join(format!("stage-{}.png", run.config().train_stages - 1));
    let (took, whole) = (begun.elapsed().as_secs_f64(), run.info().seconds.iter().sum::<f64>());
    // A stage's time is stored when it is saved, so that what a kill lost is in neither.
    if whole > took {
        tracing::info!("done in {}, the whole run in {}", duration(took), duration(whole));
    } else {
        tracing::info!("done in {}", duration(took));
    }
    tracing::info!("samples: {}", sheet.display());
    write_report(run, stop);
    if run.info().is_blank() {
        return;
    }
    let dir = quoted(run.dir());
    match run.info().task {
        Task::Harmonization => tracing::info!("use it: consingan harmonize {dir} PICTURE"),
        Task::Editing => tracing::info!("use it: consingan edit {dir} PICTURE"),
        _ => tracing::info!("more of them, at any size: consingan sample {dir} -n 16 --size 200x400"),
    }
}

/// A run keeps the settings it began with: its finished stages were made with them.
fn refuse_changes(run: &Run, settings: &Overrides) -> Result<()> {
    let mut config = run.config().clone();
    settings.apply(&mut config)?;
    config.check()?;
    if config == *run.config() {
        return Ok(());
    }
    let (old, new) = (toml::Table::try_from(run.config())?, toml::Table::try_from(&config)?);
    let change = |(key, value): (&String, &toml::Value)| {
        let old = old.get(key)?;
        (old != value).then(|| format!("{key} is {old} there, {value} was asked for"))
    };
    let changes: Vec<String> = new.iter().filter_map(change).collect();
    let (dir, changes) = (run.dir().display(), changes.join(", "));
    Err(refusal(
        format!("{dir}: a run keeps the settings it began with ({changes})"),
        "train a new run with these settings, or resume without them",
    ))
}
