//! The error type of this crate.

use std::path::{Path, PathBuf};

/// Why a file of tensors could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not exist.
    #[error("{path}: is not there")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The path is a directory, a pipe or a device file, or the file is too large.
    #[error("{path}: is no file, or one of more than {limit} bytes")]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// The largest size of a file in bytes.
        limit: u64,
    },
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is truncated, or its content is inconsistent.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file may be intact, but it uses a feature that this reader does not support.
    #[error("{path}: {reason}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The feature that is not supported.
        reason: String,
    },
    /// The file asks for a Python function that no file of tensors needs. The function was not run.
    #[error("{path}: its pickle asks for {name}, which no file of tensors needs and which was not run")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The function's full name.
        name: String,
    },
    /// The content of the file is not of the kind that the caller asked for.
    #[error("{path}: {reason}")]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// What was found in the file, or was missing.
        reason: String,
    },
    /// The file contains values that are infinite or NaN.
    #[error("{path}: {name} has values that are not finite")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The name of the tensor or the number of the item.
        name: String,
    },
    /// candle could not create a tensor.
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

/// An error of code that does not know the path of the file. Text converts to [`Reason::Damaged`].
#[derive(Debug)]
pub(crate) enum Reason {
    Damaged(String),
    Unsupported(String),
    Foreign(String),
}

impl Reason {
    /// Turns the reason into the error for the file at `path`.
    pub(crate) fn of(self, path: &Path) -> Error {
        let path = path.to_path_buf();
        match self {
            Self::Damaged(reason) => Error::Damaged { path, reason },
            Self::Unsupported(reason) => Error::Unsupported { path, reason },
            Self::Foreign(name) => Error::Foreign { path, name },
        }
    }

    /// Turns the reason into the error for the tensor `name` in the file at `path`.
    pub(crate) fn of_tensor(self, path: &Path, name: &str) -> Error {
        match self {
            Self::Damaged(reason) => Self::Damaged(format!("{name} {reason}")).of(path),
            other => other.of(path),
        }
    }
}

impl From<String> for Reason {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Reason {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.into())
    }
}
