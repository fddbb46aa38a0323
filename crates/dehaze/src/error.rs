//! What can go wrong in this crate.

/// Why a picture could not be dehazed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// The picture is too small to estimate where haze is.
    #[error("the picture is {}x{}, it must have at least {least} pixels a side", size.0, size.1)]
    Small {
        /// Its height and width.
        size: (usize, usize),
        /// The shortest side that is accepted.
        least: usize,
    },
    /// All pixels are the same: nothing can be seen behind such haze.
    #[error("the picture has the brightness {level} of 255 throughout, nothing can be seen behind even haze")]
    Even {
        /// The brightness, 0 to 255.
        level: u8,
    },
    /// The transmission and the picture that haze is put over differ in size.
    #[error("the transmission is {}x{}, the picture {}x{}", found.0, found.1, expected.0, expected.1)]
    Size {
        /// Height and width of the transmission.
        found: (usize, usize),
        /// Those of the picture.
        expected: (usize, usize),
    },
    /// The losses are not finite any more.
    #[error("training diverged at stage {stage}, iteration {iteration}: the losses are not finite")]
    Diverged {
        /// The stage.
        stage: usize,
        /// Which iteration, from 1.
        iteration: usize,
    },
    /// The directory for the results cannot be made.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A picture cannot be made or written.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// The networks refuse.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The optimizer refuses, or tensors cannot be written.
    #[error(transparent)]
    Train(#[from] train::Error),
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
            Self::Model(e) => e.is_internal(),
            Self::Train(e) => e.is_internal(),
            Self::Size { .. } | Self::Tensor(_) => true,
            _ => false,
        }
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
