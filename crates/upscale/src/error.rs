//! What can go wrong in this crate.

use crate::UpscaleMode;
use std::path::PathBuf;
use train::Task;

/// Why a picture could not be enlarged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// The result would be larger than the mode can make.
    #[error(
        "the result would be {}x{}, it must have at most {:.0} million pixels{}",
        size.0, size.1, *most as f64 / 1e6, with_at_most(*fits)
    )]
    TooLarge {
        /// Height and width of the result.
        size: (usize, usize),
        /// The mode.
        mode: UpscaleMode,
        /// The most pixels that a result of the mode can have.
        most: usize,
        /// The largest factor that works for the picture, if any does.
        fits: Option<f64>,
    },
    /// The picture has other channels than the one that was trained on.
    #[error("the picture has {found} channels, the one that was trained on has {expected} channels")]
    Channels {
        /// Those of the picture.
        found: usize,
        /// Those of the picture that was trained on.
        expected: usize,
    },
    /// The factor is no power of the step that the enlarger was trained for.
    #[error("factor is {factor}, it must be a power of {step}, which was trained for")]
    Step {
        /// The factor.
        factor: f64,
        /// The step.
        step: f64,
    },
    /// The run was trained for something else.
    #[error("{path}: is a run of {}, not of super-resolution", task.name())]
    OtherTask {
        /// The run directory.
        path: PathBuf,
        /// What it was trained for.
        task: Task,
    },
    /// The run's training has not ended.
    #[error("{path}: is not finished")]
    Unfinished {
        /// The run directory.
        path: PathBuf,
    },
    /// The directory is not one that [`crate::Enlarger::save`] made.
    #[error("{path}: holds no enlarger")]
    NoEnlarger {
        /// The directory.
        path: PathBuf,
    },
    /// The enlarger was written by another version, or by another program.
    #[error("{path}: is no enlarger of this version")]
    Version {
        /// The file.
        path: PathBuf,
    },
    /// The enlarger's file contradicts itself.
    #[error("{path}: is damaged ({reason})")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The directory for an enlarger cannot be made.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A picture cannot be made.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// The networks refuse.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The run or its training refuses.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// The observer stopped it.
    #[error(transparent)]
    Stopped(#[from] train::Stopped),
}

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Model(e) => e.is_internal(),
            Self::Train(e) => e.is_internal(),
            Self::Tensor(_) => true,
            _ => false,
        }
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

fn with_at_most(factor: Option<f64>) -> String {
    factor.map_or_else(String::new, |factor| format!(", which a factor of {factor:.2} gives"))
}
