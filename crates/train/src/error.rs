//! What can go wrong in this crate.

use crate::collapse::Collapse;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

/// An error of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// The observer stopped the work.
    #[error(transparent)]
    Stopped(#[from] crate::Stopped),
    /// A list that must have an item for each stage has more or fewer.
    #[error("there are {stages} stages, but {found} {list}")]
    StageCount {
        /// What is in the list, in the plural.
        list: &'static str,
        /// The length of the list.
        found: usize,
        /// The number of stages.
        stages: usize,
    },
    /// A path does not lead to a run directory.
    #[error("{path}: {reason}")]
    NotARun {
        /// The path.
        path: PathBuf,
        /// What is there instead.
        reason: &'static str,
    },
    /// A run directory has a format that this version cannot read.
    #[error("{path}: has format version {found}, this program reads versions {oldest} to {newest}")]
    Format {
        /// The file that says it.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The oldest version that can be read.
        oldest: u32,
        /// The newest.
        newest: u32,
    },
    /// A file of a run was cut off or changed.
    #[error("{path}: is damaged ({reason})")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The checkpoint of a stage under way was cut off or changed. The stages before it are whole.
    #[error("{path}: is damaged ({reason})")]
    DamagedCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A run must be finished for what was asked.
    #[error("{path}: is not finished")]
    Unfinished {
        /// The run directory.
        path: PathBuf,
    },
    /// Aligned pictures have different sizes.
    #[error("{name} is {}x{}, the first picture {}x{}: aligned pictures have one size", found.0, found.1, expected.0, expected.1)]
    MapSize {
        /// The name of the picture.
        name: String,
        /// Its height and width.
        found: (usize, usize),
        /// Those of the first picture.
        expected: (usize, usize),
    },
    /// Aligned pictures have the same name.
    #[error("two of the aligned pictures are called {name}: their results would have one name")]
    MapName {
        /// The name.
        name: String,
    },
    /// Aligned pictures have too many channels together, or others than the run's.
    #[error(
        "the pictures have {channels} channels together; a run has 1 to 16, and its pictures have the same"
    )]
    MapChannels {
        /// How many.
        channels: usize,
    },
    /// A picture of labels has too many different values.
    #[error("{name} has more than 256 different values, too many for labels")]
    MapLabels {
        /// The name of the picture.
        name: String,
    },
    /// A picture of normals has less than three channels.
    #[error("{name}: normals have three channels, not {channels}")]
    MapNormals {
        /// The name of the picture.
        name: String,
        /// How many it has.
        channels: usize,
    },
    /// Another process trains the run.
    #[error("{path}: is being trained by another process")]
    InUse {
        /// The run directory.
        path: PathBuf,
    },
    /// The run directory was moved, removed or replaced while it was trained.
    #[error("{path}: was moved or replaced while it was trained")]
    Moved {
        /// Where it was.
        path: PathBuf,
    },
    /// A file or directory cannot be made, read or written.
    #[error(transparent)]
    File(#[from] ::files::Error),
    /// Something cannot be put into a file's format, which is a fault of this program.
    #[error("{path}: cannot be encoded ({reason})")]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The losses or the samples are no numbers any more.
    #[error("training diverged at stage {stage}, iteration {iteration}: losses or weights are not finite")]
    Diverged {
        /// The stage.
        stage: usize,
        /// Which iteration, from 1.
        iteration: usize,
    },
    /// Training went wrong again after the guard had gone back once.
    #[error("training collapsed again at stage {stage}, iteration {iteration}: {collapse}")]
    Collapsed {
        /// The stage.
        stage: usize,
        /// The iteration.
        iteration: usize,
        /// What was seen.
        collapse: Collapse,
    },
    /// A GPU's memory is too small.
    #[error("the GPU's memory does not suffice for stage {stage} of {}x{} pixels", size.0, size.1)]
    OutOfMemory {
        /// The stage.
        stage: usize,
        /// Its height and width.
        size: (usize, usize),
        /// The longer side of what fits, in pixels.
        fits: usize,
    },
    /// The networks refuse.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The picture or its sizes do not work.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::StageCount { .. } | Self::Encoding { .. } | Self::Tensor(_) => true,
            Self::Model(e) => e.is_internal(),
            _ => false,
        }
    }

    /// Whether the observer stopped the work.
    pub fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped(_))
    }

    pub(crate) fn damaged(path: &Path, reason: impl Display) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason: reason.to_string() }
    }

    pub(crate) fn encoding(path: &Path) -> impl FnOnce(&dyn Display) -> Self {
        let path = path.to_path_buf();
        move |reason| Self::Encoding { path, reason: reason.to_string() }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let io = ::files::Error::io(path);
        move |source| Self::File(io(source))
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
