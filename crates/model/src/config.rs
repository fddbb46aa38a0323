//! The configuration of the networks.

use kernels::Precision;
use limits::{OutOfRange, within};
use serde::{Deserialize, Serialize};

/// The configuration of both networks. Only the generator uses `batch_norm`; everything else holds for both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetConfig {
    /// Channels of the picture: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
    pub channels: usize,
    /// Channels between the convolutions, 1 to 1024 (64 in the paper).
    pub filters: usize,
    /// Side of the convolution kernels, odd, 3 to 11 (3 in the paper).
    pub kernel: usize,
    /// Convolution blocks of a stage and of the discriminator's body, 1 to 16 (3 in the paper).
    pub layers: usize,
    /// The activation after every convolution but the last.
    pub activation: ActivationKind,
    /// Slope of LeakyReLU on the negative side, 0 to 1 (0.05 in the paper).
    pub lrelu_alpha: f64,
    /// Whether the generator's blocks normalise, by the statistics of the current picture (see
    /// [`kernels::norm`]).
    pub batch_norm: bool,
    /// How a stage gets the border that its convolutions without padding consume.
    pub border: Border,
    /// How exactly a GPU multiplies. It does not change the networks' shape and is not stored.
    #[serde(skip)]
    pub precision: Precision,
}

impl Default for NetConfig {
    /// The paper's networks for a picture in RGB.
    fn default() -> Self {
        Self {
            channels: 3,
            filters: 64,
            kernel: 3,
            layers: 3,
            activation: ActivationKind::Lrelu,
            lrelu_alpha: 0.05,
            batch_norm: false,
            border: Border::Grown,
            precision: Precision::default(),
        }
    }
}

/// The activations of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivationKind {
    /// Leaky ReLU with the configured slope.
    Lrelu,
    /// Exponential linear unit.
    Elu,
    /// Scaled exponential linear unit.
    Selu,
    /// ReLU with one learned slope a block, 0.25 at first.
    Prelu,
}

impl ActivationKind {
    /// The module's name in PyTorch's parameter names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lrelu => "lrelu",
            Self::Elu => "elu",
            Self::Selu => "selu",
            Self::Prelu => "prelu",
        }
    }
}

/// How a stage gets the border that its convolutions without padding consume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Border {
    /// Features are upsampled to a larger size and noise reaches the border too: generation and animation.
    Grown,
    /// Zeros are padded around features and noise: the other tasks.
    Padded,
}

impl NetConfig {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`OutOfRange`] for the first value that is outside it.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("channels", self.channels, 1..=16)?;
        within("filters", self.filters, 1..=1024)?;
        within("kernel", self.kernel, 3..=11)?;
        within("layers", self.layers, 1..=16)?;
        if self.kernel.is_multiple_of(2) {
            return Err(OutOfRange::new("kernel", self.kernel, "odd: 3, 5, 7, 9 or 11"));
        }
        within("lrelu-alpha", self.lrelu_alpha, 0.0..=1.0)
    }

    /// Pixels by which one convolution without padding shrinks each side.
    pub(crate) fn half(&self) -> usize {
        self.kernel / 2
    }

    /// Pixels by which a stage's convolutions shrink each side.
    pub(crate) fn margin(&self) -> usize {
        self.layers * self.half()
    }

    /// Side of the patch that one output of the discriminator sees, the smallest picture it can judge: 11 with the
    /// paper's 3 layers.
    pub fn receptive_field(&self) -> usize {
        (self.layers + 2) * (self.kernel - 1) + 1
    }

    /// Height, width and channels of the noise that enters stage `stage` of `size`.
    pub fn noise_shape(&self, stage: usize, (h, w): (usize, usize)) -> (usize, usize, usize) {
        if stage == 0 {
            return (h, w, self.channels);
        }
        let extra = if self.border == Border::Grown { 2 * self.margin() } else { 0 };
        (h + extra, w + extra, self.filters)
    }
}
