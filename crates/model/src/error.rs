//! What can go wrong in this crate.

use std::fmt::Display;

/// An error of the networks or their files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of the configuration is outside its range.
    #[error("{name} is {value}, it must be {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// A tensor is missing in a weight file or has another shape than the configuration asks for.
    #[error("weights do not fit the configuration: {0}")]
    Weights(String),
    /// A weight file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    pub(crate) fn missing(name: &str) -> Self {
        Self::Weights(format!("{name} is missing"))
    }

    pub(crate) fn shape(name: &str, found: &[usize], expected: &[usize]) -> Self {
        Self::Weights(format!("{name} has shape {found:?}, expected {expected:?}"))
    }

    pub(crate) fn range(
        name: &'static str,
        value: impl Display,
        min: impl Display,
        max: impl Display,
    ) -> Self {
        Self::Value { name, value: value.to_string(), expected: format!("between {min} and {max}") }
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
