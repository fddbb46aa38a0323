//! What can go wrong in this crate.

use std::path::PathBuf;

/// An error of a task.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// The run has no stage yet that something could be made with.
    #[error("{path}: has no finished stage yet")]
    NoStage {
        /// The run directory.
        path: PathBuf,
    },
    /// The run's training has not ended.
    #[error("{path}: is not finished")]
    Unfinished {
        /// The run directory.
        path: PathBuf,
    },
    /// The run was trained for a task that cannot retouch pictures.
    #[error("{path}: was trained for {task}, which cannot retouch pictures")]
    CannotRetouch {
        /// The run directory.
        path: PathBuf,
        /// The name of the task that it was trained for.
        task: &'static str,
    },
    /// A mask is nowhere white.
    #[error("mask is black everywhere, it must be white where to change")]
    BlackMask,
    /// No mask can be derived: the naive picture is the training picture.
    #[error(
        "the naive picture hardly differs from the training picture, so that no mask can be derived from it"
    )]
    NoDifference,
    /// A picture has another shape than the training picture.
    #[error("the {what} has {}x{} pixels, another shape than the training picture's {}x{}", size.1, size.0, expected.1, expected.0)]
    OtherShape {
        /// Which picture.
        what: &'static str,
        /// Its height and width.
        size: (usize, usize),
        /// The training picture's.
        expected: (usize, usize),
    },
    /// The naive picture has nothing to do with the training picture.
    #[error(
        "the naive picture differs from the training picture in {percent} per cent of its area, so that no mask can be derived from it"
    )]
    OtherPicture {
        /// The share that differs.
        percent: u32,
    },
    /// The naive picture has colours that the run does not know.
    #[error("the naive picture is in colour, it must be gray as the picture of {path}")]
    InColour {
        /// The run directory.
        path: PathBuf,
    },
    /// The folder has no pictures.
    #[error("{path}: holds no pictures")]
    NoPictures {
        /// The folder.
        path: PathBuf,
    },
    /// The files of the official program cannot become a run.
    #[error("{path}: {reason}")]
    Import {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of the official program cannot be read.
    #[error(transparent)]
    Torch(#[from] pth::Error),
    /// SIFID cannot be computed.
    #[error(transparent)]
    Sifid(#[from] sifid::Error),
    /// A file or folder cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The run or its training refuses.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// The networks refuse.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// A picture cannot be made or written.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// A figure cannot be computed.
    #[error(transparent)]
    Metrics(#[from] metrics::Error),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// The observer stopped it.
    #[error(transparent)]
    Stopped(#[from] train::Stopped),
}

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Torch(e) => e.is_internal(),
            Self::Sifid(e) => e.is_internal(),
            Self::Train(e) => e.is_internal(),
            Self::Model(e) => e.is_internal(),
            Self::Tensor(_) => true,
            _ => false,
        }
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
