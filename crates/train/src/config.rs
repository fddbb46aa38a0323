//! What a run is trained with.

use crate::{GuardKind, Result, RetouchConfig};
use kernels::Precision;
use limits::{above_zero, within};
use model::{ActivationKind, Border, NetConfig};
use pyramid::{Schedule, Spacing};
use serde::{Deserialize, Serialize};

/// Every number of a run, as the official program names them. The defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TrainConfig {
    /// Seed of every random number, 0 to 2^63 - 1.
    pub seed: u64,
    /// Iterations of a stage, 1 to 1000000.
    pub niter: usize,
    /// Stages, 1 to 32.
    pub train_stages: usize,
    /// Stages that are trained at once, the last ones, 1 to 32.
    pub train_depth: usize,
    /// Rate of a stage relative to that of the one above, above 0, to 1.
    pub lr_scale: f64,
    /// Shorter side of the coarsest stage in pixels, 3 to 4096.
    pub min_size: usize,
    /// Longer side of the finest stage in pixels, 3 to 8192.
    pub max_size: usize,
    /// How stage sizes are spaced.
    #[serde(with = "spacing")]
    pub spacing: Spacing,
    /// Channels between the convolutions, 1 to 1024.
    pub filters: usize,
    /// Convolution blocks of a stage, 1 to 16.
    pub layers: usize,
    /// Side of the convolution kernels, odd, 3 to 11.
    pub kernel: usize,
    /// Activation.
    pub activation: ActivationKind,
    /// Slope of LeakyReLU, 0 to 1.
    pub lrelu_alpha: f64,
    /// Batch norm in the generator.
    pub batch_norm: bool,
    /// How a stage gets its border.
    pub border: Border,
    /// Learning rate of the generator, above 0, to 1.
    pub lr_g: f64,
    /// Learning rate of the discriminator, above 0, to 1.
    pub lr_d: f64,
    /// Adam's first decay, 0 to 0.9999.
    pub beta1: f64,
    /// Factor on the rates after 80 per cent of a stage's iterations, above 0, to 1.
    pub gamma: f64,
    /// Times that a generator gradient is applied, 1 to 100.
    pub g_steps: usize,
    /// Critic steps an iteration, 1 to 100.
    pub d_steps: usize,
    /// Weight of the gradient penalty, 0 to 1000.
    pub lambda_grad: f64,
    /// Weight of the reconstruction loss, 0 to 1000000.
    pub alpha: f64,
    /// Noise amplitude relative to the reconstruction error, 0 to 100.
    pub noise_amp: f64,
    /// What the collapse guard acts on.
    pub guard: GuardKind,
    /// How exactly a GPU multiplies; the CPU always computes in f32.
    #[serde(with = "precision", default)]
    pub precision: Precision,
    /// How the run is used where it is one of harmonization or editing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retouch: Option<RetouchConfig>,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            niter: 2000,
            train_stages: 6,
            train_depth: 3,
            lr_scale: 0.1,
            min_size: 25,
            max_size: 250,
            spacing: Spacing::Improved,
            filters: 64,
            layers: 3,
            kernel: 3,
            activation: ActivationKind::Lrelu,
            lrelu_alpha: 0.05,
            batch_norm: false,
            border: Border::Grown,
            lr_g: 5e-4,
            lr_d: 5e-4,
            beta1: 0.5,
            gamma: 0.1,
            g_steps: 3,
            d_steps: 3,
            lambda_grad: 0.1,
            alpha: 10.0,
            noise_amp: 0.1,
            guard: GuardKind::Numeric,
            precision: Precision::Tf32,
            retouch: None,
        }
    }
}

impl TrainConfig {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`Range`](crate::Error::Range) for the first value that is outside it,
    /// [`Picture`](crate::Error::Picture) where the smallest size is above the largest.
    pub fn check(&self) -> Result<()> {
        within("seed", self.seed, 0..=i64::MAX as u64)?;
        within("niter", self.niter, 1..=1_000_000)?;
        within("train-stages", self.train_stages, 1..=32)?;
        within("train-depth", self.train_depth, 1..=32)?;
        above_zero("lr-scale", self.lr_scale, 1.0)?;
        within("min-size", self.min_size, 3..=4096)?;
        within("max-size", self.max_size, 3..=8192)?;
        let (min_size, max_size) = (self.min_size, self.max_size);
        if min_size > max_size {
            return Err(pyramid::Error::MinAboveMax { min_size, max_size }.into());
        }
        above_zero("lr-g", self.lr_g, 1.0)?;
        above_zero("lr-d", self.lr_d, 1.0)?;
        within("beta1", self.beta1, 0.0..=0.9999)?;
        above_zero("gamma", self.gamma, 1.0)?;
        within("g-steps", self.g_steps, 1..=100)?;
        within("d-steps", self.d_steps, 1..=100)?;
        within("lambda-grad", self.lambda_grad, 0.0..=1000.0)?;
        within("alpha", self.alpha, 0.0..=1e6)?;
        within("noise-amp", self.noise_amp, 0.0..=100.0)?;
        self.net(3).check()?;
        self.retouch.map_or(Ok(()), |retouch| retouch.check())
    }

    /// The networks for a picture of `channels` channels.
    pub fn net(&self, channels: usize) -> NetConfig {
        NetConfig {
            channels,
            filters: self.filters,
            kernel: self.kernel,
            layers: self.layers,
            activation: self.activation,
            lrelu_alpha: self.lrelu_alpha,
            batch_norm: self.batch_norm,
            border: self.border,
            precision: self.precision,
        }
    }

    /// The stages' sizes for a picture.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            min_size: self.min_size,
            max_size: self.max_size,
            stages: self.train_stages,
            spacing: self.spacing,
        }
    }

    /// Factor on the rates at `iteration` of a stage: `gamma` from 80 per cent on.
    pub fn rate_factor(&self, iteration: usize) -> f64 {
        if iteration >= (0.8 * self.niter as f64) as usize { self.gamma } else { 1.0 }
    }
}

/// `pyramid` knows no serde; its enum is written as a word.
mod spacing {
    use pyramid::Spacing;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(spacing: &Spacing, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(match spacing {
            Spacing::Improved => "improved",
            Spacing::Geometric => "geometric",
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Spacing, D::Error> {
        match String::deserialize(d)?.as_str() {
            "improved" => Ok(Spacing::Improved),
            "geometric" => Ok(Spacing::Geometric),
            other => {
                Err(D::Error::custom(format!("spacing is \"{other}\", it must be improved or geometric")))
            }
        }
    }
}

/// `kernels` knows no serde either.
mod precision {
    use kernels::Precision;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(precision: &Precision, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(precision.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Precision, D::Error> {
        let name = String::deserialize(d)?;
        Precision::from_name(&name)
            .ok_or_else(|| D::Error::custom(format!("precision is \"{name}\", it must be tf32 or f32")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_papers_and_valid() {
        let c = TrainConfig::default();
        assert!(c.check().is_ok());
        assert_eq!(
            (c.train_stages, c.filters, c.niter, c.train_depth, c.min_size, c.max_size),
            (6, 64, 2000, 3, 25, 250)
        );
    }

    #[test]
    fn values_outside_their_range_are_named() {
        let bad = |change: fn(&mut TrainConfig)| {
            let mut c = TrainConfig::default();
            change(&mut c);
            c.check().expect_err("out of range").to_string()
        };
        assert!(bad(|c| c.niter = 0).contains("niter"));
        assert!(bad(|c| c.train_stages = 1_000_000).contains("train-stages"));
        assert!(bad(|c| c.lr_g = f64::NAN).contains("lr-g"));
        assert!(bad(|c| c.alpha = f64::NAN).contains("alpha"));
        assert!(bad(|c| c.kernel = 4).contains("kernel"));
        assert!(bad(|c| c.filters = 100_000_000).contains("filters"));
        assert!(bad(|c| c.min_size = 300).contains("300 px, is larger"));
    }

    #[test]
    fn the_rate_falls_after_four_fifths() {
        let c = TrainConfig { niter: 7, ..TrainConfig::default() };
        let rates: Vec<f64> = (0..7).map(|i| c.rate_factor(i)).collect();
        assert_eq!(rates, [1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1]);
    }
}
