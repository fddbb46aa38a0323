//! What can go wrong in this crate.

use std::path::{Path, PathBuf};

/// Why an animation could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rate or the frames' size is outside what the format can express.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// There is not a single frame.
    #[error("there is no frame, an animation has at least one")]
    NoFrame,
    /// A frame differs from the first in its size or its channels.
    #[error(
        "frame {index} is {}x{}x{}, it must be {}x{}x{} like the first",
        found.0, found.1, found.2, first.0, first.1, first.2
    )]
    Unlike {
        /// Number of the frame, from 0.
        index: usize,
        /// Its height, width and channels.
        found: (usize, usize, usize),
        /// Those of the first frame.
        first: (usize, usize, usize),
    },
    /// The file cannot be written to its end.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system or the encoder said.
        source: std::io::Error,
    },
    /// The file cannot be made.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A frame cannot be written as a picture.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The error for what the operating system or the encoder said about the file that should be at `path`.
    pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }
}
