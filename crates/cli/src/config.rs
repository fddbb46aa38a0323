//! Settings in layers: preset, then a TOML file, then the command line.

use crate::advice::understand_keys;
use crate::refusal::refusal;
use crate::settings::Overrides;
use anyhow::Result;
use consingan::{Device, PRESETS, Picture, Preset, Task, TrainConfig, fit_min_size, fit_to_time, settings};
use std::path::Path;

/// The layers of settings that the command line gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layers<'a> {
    /// Name of the task.
    pub(crate) task: Option<&'a str>,
    /// Name of the preset.
    pub(crate) preset: Option<&'a str>,
    /// Minutes that the preset `auto` may plan for.
    pub(crate) minutes: Option<f64>,
    /// A TOML file; its task and preset count where the command line names none.
    pub(crate) file: Option<&'a Path>,
    /// The settings of the command line, which override all others.
    pub(crate) flags: &'a Overrides,
}

/// A run's settings, with the task and the preset that they began from.
pub(crate) struct Resolved {
    pub(crate) task: Task,
    pub(crate) preset: Preset,
    pub(crate) config: TrainConfig,
}

/// Puts the layers together and checks every value.
///
/// # Errors
/// For unknown names, a file that cannot be read, values out of range, and where `auto` finds nothing for the
/// picture in the time.
pub(crate) fn resolve(layers: Layers<'_>, picture: &Picture, device: &Device) -> Result<Resolved> {
    let Layers { flags, minutes, .. } = layers;
    let file = layers.file.map(read).transpose()?.unwrap_or_default();
    let task = task_named(layers.task.or(file.task.as_deref()))?;
    let preset = preset_named(layers.preset.or(file.preset.as_deref()))?;
    let settle = |config: &mut TrainConfig| -> Result<()> {
        file.apply(config)?;
        flags.apply(config)?;
        fit_min_size(task, preset, config, picture.size());
        Ok(config.check()?)
    };
    let mut config = settings(task, preset);
    settle(&mut config)?;
    if preset == Preset::Auto {
        config = fit_to_time(&config, picture, minutes.unwrap_or(MINUTES), device)?;
        // Explicit settings override those that `auto` chose.
        settle(&mut config)?;
    } else if minutes.is_some() {
        let what = format!("--minutes is for --preset auto, this is {}", preset.name());
        return Err(refusal(what, "add --preset auto"));
    }
    Ok(Resolved { task, preset, config })
}

/// Minutes that `auto` plans for where none are given.
const MINUTES: f64 = 5.0;

fn task_named(name: Option<&str>) -> Result<Task> {
    let Some(name) = name else { return Ok(Task::default()) };
    if name == Task::SuperResolution.name() {
        let what = format!("a run of the task {name} is made for a picture to enlarge");
        return Err(refusal(what, "use consingan upscale --mode perceptual"));
    }
    let trained = Task::ALL.into_iter().filter(|task| *task != Task::SuperResolution);
    let names = trained.map(Task::name).collect::<Vec<_>>().join(", ");
    Task::from_name(name)
        .ok_or_else(|| refusal(format!("there is no task \"{name}\""), format!("the tasks are {names}")))
}

fn preset_named(name: Option<&str>) -> Result<Preset> {
    let Some(name) = name else { return Ok(Preset::default()) };
    let names = PRESETS.map(Preset::name).join(", ");
    let found = PRESETS.into_iter().find(|preset| preset.name() == name);
    found.ok_or_else(|| refusal(format!("there is no preset \"{name}\""), format!("the presets are {names}")))
}

fn read(path: &Path) -> Result<Overrides> {
    let text = contents(path)
        .map_err(|e| refusal(format!("{}: {e}", path.display()), "--config takes a TOML file"))?;
    let (text, note) = understand_keys(&text, path)?;
    let settings = toml::from_str(&text).map_err(|e: toml::de::Error| {
        let line =
            e.span().map_or(String::new(), |s| format!(":{}", text[..s.start].matches('\n').count() + 1));
        let message = e.message().replace('\n', ", ");
        let what = format!("{}{line}: {message}", path.display());
        refusal(what, "keys are the flags' names, like `niter = 500`")
    })?;
    if let Some(note) = note {
        tracing::info!("{note}");
    }
    Ok(settings)
}

/// Reads the text of a regular file. A pipe could block, and a device could be read without end.
fn contents(path: &Path) -> std::io::Result<String> {
    let found = std::fs::metadata(path)?;
    if found.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() || found.len() > LONGEST {
        return Err(std::io::Error::other("no file, or a very long one"));
    }
    std::fs::read_to_string(path)
}

/// Largest size of a settings file in bytes.
const LONGEST: u64 = 1 << 20;
