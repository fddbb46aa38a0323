//! What can go wrong in this crate.

use std::path::PathBuf;

/// An error of a task.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value is outside its range.
    #[error("{name} is {value}, it must be {expected}")]
    Value {
        /// The parameter, as its flag is spelled.
        name: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// The run cannot do what is asked of it (yet).
    #[error("{path}: {reason}")]
    Run {
        /// The run directory.
        path: PathBuf,
        /// Why not, and what would help.
        reason: String,
    },
    /// A file is not the weights that it should be.
    #[error("{path}: {reason}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A file cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The run or its training refuses.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// A picture cannot be made or written.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// A figure cannot be computed.
    #[error(transparent)]
    Metrics(#[from] metrics::Error),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl From<model::Error> for Error {
    fn from(error: model::Error) -> Self {
        Error::Train(error.into())
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
