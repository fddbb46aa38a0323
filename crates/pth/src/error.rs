//! What can go wrong in this crate.

use std::path::{Path, PathBuf};

/// Why a file of tensors cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{path}: is not there")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is a directory, a pipe or a device, or has too many bytes.
    #[error("{path}: is no file, or one of more than {limit} bytes")]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// It cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It is not whole, or contradicts itself.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It may be whole, but is written in a way that is not read here.
    #[error("{path}: {reason}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What is not read.
        reason: String,
    },
    /// It asks for a Python function that no file of tensors needs. The function was not run.
    #[error("{path}: its pickle asks for {name}, which no file of tensors needs and which was not run")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The function's full name.
        name: String,
    },
    /// It holds something else than what was asked for.
    #[error("{path}: {reason}")]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// What it holds, or does not hold.
        reason: String,
    },
    /// It holds infinities or values that are no numbers.
    #[error("{path}: {name} has values that are not finite")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor or item.
        name: String,
    },
    /// A tensor cannot be made.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

/// Why bytes cannot be used, before it is known which file they are from. Text alone means that they are
/// damaged.
#[derive(Debug)]
pub(crate) enum Reason {
    Damaged(String),
    Unsupported(String),
    Foreign(String),
}

impl Reason {
    /// The error of the file at `path`.
    pub(crate) fn of(self, path: &Path) -> Error {
        let path = path.to_path_buf();
        match self {
            Self::Damaged(reason) => Error::Damaged { path, reason },
            Self::Unsupported(reason) => Error::Unsupported { path, reason },
            Self::Foreign(name) => Error::Foreign { path, name },
        }
    }

    /// The error of the tensor `name` in the file at `path`.
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
