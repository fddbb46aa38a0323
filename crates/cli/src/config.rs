//! Settings in layers: preset, then a TOML file, then the command line.

use crate::args::TrainArgs;
use anyhow::{Context, Result, bail};
use candle_core::Device;
use clap::Args;
use kernels::Precision;
use model::Border;
use pyramid::{Picture, Spacing};
use serde::Deserialize;
use std::path::Path;
use tasks::{Preset, Task, fit_to_time};
use train::{GuardKind, TrainConfig};

/// What the command line or a file sets; the rest stays as it was. A file's keys are the flags' names.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Overrides {
    /// Seed of every random number, 0 to 2^63 - 1
    #[arg(long, aliases = ["manualSeed", "manual_seed"], value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Iterations a stage, 1 to 1000000
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    niter: Option<usize>,
    /// Stages, 1 to 32
    #[arg(long, alias = "train_stages", value_name = "N", allow_negative_numbers = true)]
    train_stages: Option<usize>,
    /// Stages trained at once, 1 to 32
    #[arg(long, alias = "train_depth", value_name = "N", allow_negative_numbers = true)]
    train_depth: Option<usize>,
    /// Learning rate of a stage relative to the one above, above 0, to 1
    #[arg(long, alias = "lr_scale", value_name = "X", allow_negative_numbers = true)]
    lr_scale: Option<f64>,
    /// Shorter side of the coarsest stage, pixels, 3 to 4096
    #[arg(long, alias = "min_size", value_name = "PX", allow_negative_numbers = true)]
    min_size: Option<usize>,
    /// Longer side of the finest stage, pixels, 3 to 8192
    #[arg(long, alias = "max_size", value_name = "PX", allow_negative_numbers = true)]
    max_size: Option<usize>,
    /// Channels between the convolutions, 1 to 1024
    #[arg(long, alias = "nfc", value_name = "N", allow_negative_numbers = true)]
    filters: Option<usize>,
    /// Convolution blocks of a stage and of the discriminator, 1 to 16
    #[arg(long, alias = "num_layer", value_name = "N", allow_negative_numbers = true)]
    layers: Option<usize>,
    /// Side of the convolution kernels, odd, 3 to 11
    #[arg(long, alias = "ker_size", value_name = "N", allow_negative_numbers = true)]
    kernel: Option<usize>,
    /// lrelu, elu, selu or prelu
    #[arg(long, value_name = "NAME")]
    activation: Option<String>,
    /// Slope of lrelu, 0 to 1
    #[arg(long, alias = "lrelu_alpha", value_name = "X", allow_negative_numbers = true)]
    lrelu_alpha: Option<f64>,
    /// Batch norm in the generator (alone, or true or false)
    #[arg(long, alias = "batch_norm", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    batch_norm: Option<bool>,
    /// Learning rate of the generator, above 0, to 1
    #[arg(long, alias = "lr_g", value_name = "X", allow_negative_numbers = true)]
    lr_g: Option<f64>,
    /// Learning rate of the discriminator, above 0, to 1
    #[arg(long, alias = "lr_d", value_name = "X", allow_negative_numbers = true)]
    lr_d: Option<f64>,
    /// Adam's first decay, 0 to 0.9999
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    beta1: Option<f64>,
    /// Factor on the rates after 80 per cent of a stage, above 0, to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    gamma: Option<f64>,
    /// Times that a generator gradient is applied, 1 to 100
    #[arg(long, aliases = ["Gsteps", "g_steps"], value_name = "N", allow_negative_numbers = true)]
    g_steps: Option<usize>,
    /// Discriminator steps an iteration, 1 to 100
    #[arg(long, aliases = ["Dsteps", "d_steps"], value_name = "N", allow_negative_numbers = true)]
    d_steps: Option<usize>,
    /// Weight of the gradient penalty, 0 to 1000
    #[arg(long, alias = "lambda_grad", value_name = "X", allow_negative_numbers = true)]
    lambda_grad: Option<f64>,
    /// Weight of the reconstruction loss, 0 to 1000000
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// Noise amplitude relative to the reconstruction's error, 0 to 100
    #[arg(long, alias = "noise_amp", value_name = "X", allow_negative_numbers = true)]
    noise_amp: Option<f64>,
    /// How exactly a GPU multiplies: tf32 (fast, as PyTorch has it) or f32. The CPU always computes in f32
    #[arg(long, value_name = "NAME")]
    precision: Option<String>,
    /// In a file only, where a run's stored `config.toml` has it.
    #[arg(skip)]
    spacing: Option<String>,
    /// The same.
    #[arg(skip)]
    border: Option<Border>,
    /// The same.
    #[arg(skip)]
    guard: Option<GuardKind>,
    /// In a file only: the preset underneath.
    #[arg(skip)]
    preset: Option<String>,
    /// The same: the task.
    #[arg(skip)]
    task: Option<String>,
}

/// A run's settings, with the preset that they began from.
pub(crate) struct Resolved {
    pub(crate) task: Task,
    pub(crate) preset: Preset,
    pub(crate) config: TrainConfig,
}

/// Puts the layers together and checks every value.
pub(crate) fn resolve(args: &TrainArgs, picture: &Picture, device: &Device) -> Result<Resolved> {
    let file = args.config.as_deref().map(read).transpose()?.unwrap_or_default();
    let task = task_named(args.task.as_deref().or(file.task.as_deref()))?;
    let preset = preset_named(args.preset.as_deref().or(file.preset.as_deref()))?;
    let mut config = task.config(preset);
    file.apply(&mut config)?;
    args.settings.apply(&mut config)?;
    task.fit_min_size(preset, &mut config, picture.size());
    config.check()?;
    if preset == Preset::Auto {
        config = fit_to_time(&config, picture, args.minutes.unwrap_or(MINUTES), device)?;
        // What was asked for wins over what was chosen.
        file.apply(&mut config)?;
        args.settings.apply(&mut config)?;
        task.fit_min_size(preset, &mut config, picture.size());
        config.check()?;
    } else if args.minutes.is_some() {
        bail!("--minutes is for --preset auto, this is {}; add --preset auto", preset.name());
    }
    Ok(Resolved { task, preset, config })
}

/// Minutes that `auto` plans for where none are given.
const MINUTES: f64 = 5.0;

fn task_named(name: Option<&str>) -> Result<Task> {
    let Some(name) = name else { return Ok(Task::default()) };
    if name == Task::SuperResolution.name() {
        bail!(
            "a run of the task {name} is made for a picture to enlarge; use consingan upscale --mode perceptual"
        );
    }
    let trained = Task::ALL.into_iter().filter(|task| *task != Task::SuperResolution);
    let names = trained.map(Task::name).collect::<Vec<_>>().join(", ");
    Task::from_name(name).with_context(|| format!("there is no task \"{name}\"; the tasks are {names}"))
}

fn preset_named(name: Option<&str>) -> Result<Preset> {
    let Some(name) = name else { return Ok(Preset::default()) };
    let names = Preset::ALL.map(Preset::name).join(", ");
    Preset::from_name(name).with_context(|| format!("there is no preset \"{name}\"; the presets are {names}"))
}

fn read(path: &Path) -> Result<Overrides> {
    let text = match contents(path) {
        Ok(text) => text,
        Err(e) => bail!("{}: {e}; --config takes a TOML file", path.display()),
    };
    toml::from_str(&text).map_err(|e: toml::de::Error| {
        let line =
            e.span().map_or(String::new(), |s| format!(":{}", text[..s.start].matches('\n').count() + 1));
        let message = e.message().replace('\n', ", ");
        anyhow::anyhow!("{}{line}: {message}; keys are the flags' names, like `niter = 500`", path.display())
    })
}

/// The text of a file, and of nothing else: a pipe would be waited for, a device read without end.
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

/// Bytes of a settings file; no real one comes near.
const LONGEST: u64 = 1 << 20;

impl Overrides {
    /// Sets in `config` what is set here.
    pub(crate) fn apply(&self, config: &mut TrainConfig) -> Result<()> {
        macro_rules! set {
            ($($field:ident)*) => { $(if let Some(value) = self.$field { config.$field = value; })* };
        }
        set!(seed niter train_stages train_depth lr_scale min_size max_size filters layers kernel lrelu_alpha batch_norm
             lr_g lr_d beta1 gamma g_steps d_steps lambda_grad alpha noise_amp border guard);
        if let Some(name) = &self.activation {
            config.activation = serde_json::from_value(name.as_str().into()).map_err(|_| {
                anyhow::anyhow!("there is no activation \"{name}\"; there are lrelu, elu, selu and prelu")
            })?;
        }
        if let Some(name) = &self.precision {
            config.precision = Precision::from_name(name)
                .with_context(|| format!("there is no precision \"{name}\"; there are tf32 and f32"))?;
        }
        match self.spacing.as_deref() {
            None => {}
            Some("improved") => config.spacing = Spacing::Improved,
            Some("geometric") => config.spacing = Spacing::Geometric,
            Some(other) => bail!("there is no spacing \"{other}\"; there are improved and geometric"),
        }
        Ok(())
    }
}
