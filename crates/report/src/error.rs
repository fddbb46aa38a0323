//! The error type of this crate.

/// Why a report could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings of the run could not be converted to text.
    #[error("the run's settings cannot be written as text: {0}")]
    Settings(#[from] toml::ser::Error),
    /// Samples could not be drawn or scored.
    #[error(transparent)]
    Tasks(#[from] tasks::Error),
    /// Files of the run could not be read.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// A picture could not be resized or encoded.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// The report could not be written.
    #[error(transparent)]
    File(#[from] files::Error),
}

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Tasks(e) => e.is_internal(),
            Self::Train(e) => e.is_internal(),
            Self::Settings(_) => true,
            _ => false,
        }
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
