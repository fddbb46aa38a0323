//! What can go wrong in this crate.

use std::path::{Path, PathBuf};

/// Why a file or directory could not be made. Paths are those that were asked for, never temporary ones.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is at the path already.
    #[error("{path}: exists already")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The path does not end in a name, as `/` and `there/..` do not.
    #[error("{path}: is no name for a file or a directory")]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// A part of the path is there and is no directory.
    #[error("{path}: cannot be made, {above} is no directory")]
    NotADirectory {
        /// The path.
        path: PathBuf,
        /// The part of it that is no directory.
        above: PathBuf,
    },
    /// The directory that a file should be made in is not there.
    #[error("{path}: cannot be made, there is no directory {parent}")]
    NoDirectory {
        /// The path.
        path: PathBuf,
        /// The directory that is not there.
        parent: PathBuf,
    },
    /// The operating system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The error for what the operating system said about `path`.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
