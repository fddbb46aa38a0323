//! The settings of a training, each with its flag.

use crate::refusal::refusal;
use anyhow::Result;
use clap::Args;
use consingan::{Border, GuardKind, Precision, RetouchConfig, Spacing, TrainConfig};
use serde::Deserialize;

/// Settings of a training that the command line or a file gives; everything else keeps its value. A file's
/// keys are the flags' names.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Overrides {
    /// Seed of every random number, 0 to 2^63 - 1
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Iterations a stage, 1 to 1000000
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    niter: Option<usize>,
    /// Stages, 1 to 32
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    train_stages: Option<usize>,
    /// Stages trained at once, 1 to 32
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    train_depth: Option<usize>,
    /// Learning rate of a stage relative to the one above, above 0, to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr_scale: Option<f64>,
    /// Shorter side of the coarsest stage, pixels, 3 to 4096
    #[arg(long, value_name = "PX", allow_negative_numbers = true)]
    min_size: Option<usize>,
    /// Longer side of the finest stage, pixels, 3 to 8192
    #[arg(long, value_name = "PX", allow_negative_numbers = true)]
    max_size: Option<usize>,
    /// Channels between the convolutions, 1 to 1024
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    filters: Option<usize>,
    /// Convolution blocks of a stage and of the discriminator, 1 to 16
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    layers: Option<usize>,
    /// Side of the convolution kernels, odd, 3 to 11
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    kernel: Option<usize>,
    /// lrelu, elu, selu or prelu
    #[arg(long, value_name = "NAME")]
    activation: Option<String>,
    /// Slope of lrelu, 0 to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lrelu_alpha: Option<f64>,
    /// Batch norm in the generator (alone, or true or false)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    batch_norm: Option<bool>,
    /// Learning rate of the generator, above 0, to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr_g: Option<f64>,
    /// Learning rate of the discriminator, above 0, to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr_d: Option<f64>,
    /// Adam's first decay, 0 to 0.9999
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    beta1: Option<f64>,
    /// Factor on the rates after 80 per cent of a stage, above 0, to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    gamma: Option<f64>,
    /// Times that a generator gradient is applied, 1 to 100
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    g_steps: Option<usize>,
    /// Discriminator steps an iteration, 1 to 100
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    d_steps: Option<usize>,
    /// Weight of the gradient penalty, 0 to 1000
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lambda_grad: Option<f64>,
    /// Weight of the reconstruction loss, 0 to 1000000
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// Noise amplitude relative to the reconstruction's error, 0 to 100
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    noise_amp: Option<f64>,
    /// How exactly a GPU multiplies: tf32 (fast, as PyTorch has it) or f32. The CPU always computes in f32
    #[arg(long, value_name = "NAME")]
    precision: Option<String>,
    /// How stages are spread. Without a flag: a run's stored `config.toml` has it, and may be given as a file.
    #[arg(skip)]
    spacing: Option<String>,
    /// What is around pictures, without a flag too.
    #[arg(skip)]
    border: Option<Border>,
    /// What is watched for a collapse, without a flag too.
    #[arg(skip)]
    guard: Option<GuardKind>,
    /// The table of a run of harmonization or editing, without a flag too.
    #[arg(skip)]
    retouch: Option<RetouchConfig>,
    /// The preset underneath, in a file; on the command line it is no setting.
    #[arg(skip)]
    pub(crate) preset: Option<String>,
    /// The task, in a file; on the command line it is no setting.
    #[arg(skip)]
    pub(crate) task: Option<String>,
}

impl Overrides {
    /// Sets in `config` what is set here.
    ///
    /// # Errors
    /// Where a name is unknown. Numbers are checked by [`TrainConfig::check`].
    pub(crate) fn apply(&self, config: &mut TrainConfig) -> Result<()> {
        macro_rules! set {
            ($($field:ident)*) => { $(if let Some(value) = self.$field { config.$field = value; })* };
        }
        set!(seed niter train_stages train_depth lr_scale min_size max_size filters layers kernel lrelu_alpha batch_norm
             lr_g lr_d beta1 gamma g_steps d_steps lambda_grad alpha noise_amp border guard);
        if let Some(name) = &self.activation {
            config.activation = serde_json::from_value(name.as_str().into()).map_err(|_| {
                refusal(format!("there is no activation \"{name}\""), "there are lrelu, elu, selu and prelu")
            })?;
        }
        if let Some(name) = &self.precision {
            config.precision = Precision::from_name(name).ok_or_else(|| {
                refusal(format!("there is no precision \"{name}\""), "there are tf32 and f32")
            })?;
        }
        if let (Some(own), Some(given)) = (&mut config.retouch, self.retouch) {
            *own = given;
        }
        match self.spacing.as_deref() {
            None => {}
            Some("improved") => config.spacing = Spacing::Improved,
            Some("geometric") => config.spacing = Spacing::Geometric,
            Some(other) => {
                let what = format!("there is no spacing \"{other}\"");
                return Err(refusal(what, "there are improved and geometric"));
            }
        }
        Ok(())
    }
}
