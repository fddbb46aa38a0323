//! The error type of this crate.

use std::path::{Path, PathBuf};

/// Why an animation could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The frame rate or the size of the frames is outside the range of the format.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// There are no frames.
    #[error("there is no frame, an animation has at least one")]
    NoFrame,
    /// A frame differs from the first in its size or its number of channels.
    #[error(
        "frame {index} is {}x{}x{}, it must be {}x{}x{} like the first",
        found.0, found.1, found.2, first.0, first.1, first.2
    )]
    Unlike {
        /// Number of the frame, counted from 0.
        index: usize,
        /// Height, width and number of channels of this frame.
        found: (usize, usize, usize),
        /// Height, width and number of channels of the first frame.
        first: (usize, usize, usize),
    },
    /// The file could not be written completely.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system or the encoder.
        source: std::io::Error,
    },
    /// The file or directory could not be created.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A frame could not be written as a PNG file.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::NoFrame | Self::Unlike { .. })
    }

    /// Returns a function that turns an error of the operating system or the encoder into [`Error::Io`] for
    /// `path`.
    pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }
}
