//! What can go wrong in this crate.

use crate::collapse::Collapse;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

/// An error of a run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of the configuration is outside its range.
    #[error("{name} is {value}, it must be {expected}")]
    Value {
        /// The parameter, as its flag is spelled.
        name: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// Values that are fine alone do not go together.
    #[error("{0}")]
    Contradiction(String),
    /// A directory is no run, or one that this version cannot use.
    #[error("{path}: {reason}")]
    Run {
        /// The directory or file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// The losses or the samples are no numbers any more.
    #[error(
        "training diverged at stage {stage}, iteration {iteration}: losses or weights are not finite; lower --lr-g and --lr-d"
    )]
    Diverged {
        /// The stage.
        stage: usize,
        /// Which iteration, from 1.
        iteration: usize,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Training went wrong again after the guard had gone back once.
    #[error(
        "training collapsed again at stage {stage}, iteration {iteration}: {collapse}; try lower --lr-g and --lr-d, or another --seed"
    )]
    Collapsed {
        /// The stage.
        stage: usize,
        /// The iteration.
        iteration: usize,
        /// What was seen.
        collapse: Collapse,
    },
    /// A GPU's memory is too small.
    #[error(
        "the GPU's memory does not suffice for stage {stage} of {}x{} pixels; about --max-size {fits} fits (or use --device cpu)",
        size.0, size.1
    )]
    OutOfMemory {
        /// The stage.
        stage: usize,
        /// Its height and width.
        size: (usize, usize),
        /// The longer side of what fits, in pixels.
        fits: usize,
    },
    /// The networks refuse.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The picture or its sizes do not work.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    pub(crate) fn range(
        name: &'static str,
        value: impl Display,
        min: impl Display,
        max: impl Display,
    ) -> Self {
        Self::Value { name, value: value.to_string(), expected: format!("between {min} and {max}") }
    }

    pub(crate) fn above_zero(name: &'static str, value: f64, max: f64) -> Self {
        Self::Value { name, value: value.to_string(), expected: format!("above 0 and at most {max}") }
    }

    pub(crate) fn run(path: &Path, reason: impl Into<String>) -> Self {
        Self::Run { path: path.to_path_buf(), reason: reason.into() }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}

impl From<::files::Error> for Error {
    fn from(error: ::files::Error) -> Self {
        match error {
            ::files::Error::Io { path, source } => Error::Io { path, source },
            ::files::Error::Exists { path } => {
                Error::run(&path, "exists already; choose another name or remove it")
            }
            ::files::Error::NoName { path } => Error::run(&path, "is no name for a run directory"),
            ::files::Error::NotADirectory { path, above } => Error::run(
                &path,
                format!("cannot be made, {} is no directory; choose another place for it", above.display()),
            ),
            ::files::Error::NoDirectory { path, parent } => {
                Error::run(&path, format!("cannot be made, there is no directory {}", parent.display()))
            }
            // The enum may grow.
            other => Error::Contradiction(other.to_string()),
        }
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
