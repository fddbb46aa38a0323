//! The error type of this crate.

use std::path::{Path, PathBuf};

/// Why a file or directory could not be created. All paths are those given by the caller, never temporary
/// ones.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something exists at the path already.
    #[error("{path}: exists already")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The path does not end in a name, for example `/` or `there/..`.
    #[error("{path}: is no name for a file or a directory")]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// A parent of the path exists but is not a directory.
    #[error("{path}: cannot be made, {above} is no directory")]
    NotADirectory {
        /// The path.
        path: PathBuf,
        /// The parent that is not a directory.
        above: PathBuf,
    },
    /// The directory in which a file should be created does not exist.
    #[error("{path}: cannot be made, there is no directory {parent}")]
    NoDirectory {
        /// The path.
        path: PathBuf,
        /// The directory that does not exist.
        parent: PathBuf,
    },
    /// The path leads to a directory, a pipe or a device, where a file is expected.
    #[error("{path}: is no file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file is larger than anything that it can be.
    #[error("{path}: has {length} bytes, at most {most} are expected")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: u64,
        /// The most that is expected.
        most: u64,
    },
    /// The operating system reported an error.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns a function that turns an error of the operating system about `path` into [`Error::Io`].
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
