//! The error type of this crate.

use std::path::PathBuf;

/// Why the weights of Inception could not be read, or features could not be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file of weights cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not a safetensors file.
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
        /// The name of the tensor.
        tensor: String,
    },
    /// The shape of a tensor differs from that in torchvision's network.
    #[error("{path}: {tensor} is {found:?}, it should be {expected:?}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// The shape of the tensor in the file.
        found: Vec<usize>,
        /// The shape in torchvision's network.
        expected: Vec<usize>,
    },
    /// A tensor contains values that no trained network has: infinite values, NaN, or negative variances.
    #[error("{path}: {tensor} holds {found}")]
    Values {
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// The kind of these values.
        found: &'static str,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Tensor(_))
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
