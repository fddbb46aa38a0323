//! What can go wrong in this crate.

use std::path::PathBuf;

/// Why Inception's weights or features cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file of weights cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("{path}: is no safetensors file")]
    NotSafetensors {
        /// The file.
        path: PathBuf,
    },
    /// A tensor is not in the file.
    #[error("{path}: {tensor} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor has another shape than that of torchvision's network.
    #[error("{path}: {tensor} is {found:?}, it should be {expected:?}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// What it should be.
        expected: Vec<usize>,
    },
    /// A tensor holds values that no trained network has: infinities, no numbers, or negative variances.
    #[error("{path}: {tensor} holds {found}")]
    Values {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What kind of values.
        found: &'static str,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
