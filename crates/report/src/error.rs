//! What can go wrong in this crate.

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings of the run cannot be shown.
    #[error("the run's settings cannot be written as text: {0}")]
    Settings(#[from] toml::ser::Error),
    /// Samples cannot be drawn or scored.
    #[error(transparent)]
    Tasks(#[from] tasks::Error),
    /// The run's own files are damaged.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// A picture cannot be shown.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// The report cannot be written.
    #[error(transparent)]
    File(#[from] files::Error),
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
