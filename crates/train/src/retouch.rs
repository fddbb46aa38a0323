//! How a run of harmonization or editing is used. Training stores it and does not look at it.

use crate::Result;
use serde::{Deserialize, Serialize};

/// How a run of harmonization or editing learns what to restore, and what becomes of a picture that it retouches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetouchConfig {
    /// Whether recoloured versions of the picture must give it back in training as well (harmonization).
    pub restore: bool,
    /// What is taken from the network's picture where a request does not say it.
    pub transfer: Transfer,
    /// Iterations of fine-tuning on a picture, 1 to 1000000; as many as a stage's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_tune_niter: Option<usize>,
}

impl RetouchConfig {
    /// The official program's way: nothing is restored, the network's picture is taken as it is, and fine-tuning takes as long as a
    /// stage.
    pub const OFFICIAL: Self = Self { restore: false, transfer: Transfer::Picture, fine_tune_niter: None };

    /// Checks every value against its range.
    pub(crate) fn check(&self) -> Result<()> {
        match self.fine_tune_niter {
            Some(niter) => Ok(limits::within("fine-tune-niter", niter, 1..=1_000_000)?),
            None => Ok(()),
        }
    }
}

/// What is taken from the network's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transfer {
    /// The picture itself, as the official program does.
    Picture,
    /// What it changed, added to the naive picture, which keeps detail finer than the network's.
    Change,
    /// Only how it changed colours: for each place of the mask one affine map of colours, which also takes into account what colours the
    /// training picture has where it looks alike.
    Colours,
    /// The picture where the naive picture has what the training picture has nowhere, as it has along the borders of parts that
    /// were moved; what was only moved stays as it is.
    Seams,
}

impl Transfer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Picture, Self::Change, Self::Colours, Self::Seams];

    /// The name on the command line and in `config.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Change => "change",
            Self::Colours => "colours",
            Self::Seams => "seams",
        }
    }
}
