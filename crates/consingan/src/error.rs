//! What can go wrong: the errors of the crates underneath, and a few of our own.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The observer stopped the training of a run; [`crate::resume`] resumes it.
    #[error("{run}: its training was stopped")]
    Interrupted {
        /// The run directory.
        run: PathBuf,
    },
    /// The observer stopped other work, of which nothing is kept.
    #[error(transparent)]
    Stopped(#[from] train::Stopped),
    /// A GPU is not there or cannot be used.
    #[error("GPU {number} cannot be used ({reason})")]
    Gpu {
        /// Its number, from 0.
        number: usize,
        /// Why.
        reason: String,
    },
    /// A GPU was asked for, and this crate was built without the feature `cuda`.
    #[error("GPU {number} cannot be used, this was built without CUDA")]
    WithoutCuda {
        /// Its number, from 0.
        number: usize,
    },
    /// A picture cannot be read, made or written.
    #[error(transparent)]
    Picture(#[from] pyramid::Error),
    /// A run or its training refuses.
    #[error(transparent)]
    Train(Box<train::Error>),
    /// A task cannot be done with a run.
    #[error(transparent)]
    Tasks(Box<tasks::Error>),
    /// A picture cannot be enlarged.
    #[error(transparent)]
    Upscale(Box<upscale::Error>),
    /// Haze cannot be removed.
    #[error(transparent)]
    Dehaze(Box<dehaze::Error>),
    /// An animation cannot be written.
    #[error(transparent)]
    Frames(#[from] frames::Error),
    /// A report cannot be made.
    #[error(transparent)]
    Report(Box<report::Error>),
    /// Inception's weights cannot be used.
    #[error(transparent)]
    Sifid(#[from] sifid::Error),
    /// A file or directory cannot be made.
    #[error(transparent)]
    File(#[from] files::Error),
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Train(e) => e.is_internal(),
            Self::Tasks(e) => e.is_internal(),
            Self::Upscale(e) => e.is_internal(),
            Self::Dehaze(e) => e.is_internal(),
            Self::Report(e) => e.is_internal(),
            Self::Frames(e) => e.is_internal(),
            Self::Sifid(e) => e.is_internal(),
            _ => false,
        }
    }

    /// Whether the observer stopped the work, and nothing went wrong.
    pub fn is_stopped(&self) -> bool {
        match self {
            Self::Interrupted { .. } | Self::Stopped(_) => true,
            Self::Train(e) => e.is_stopped(),
            Self::Tasks(e) => match &**e {
                tasks::Error::Train(e) => e.is_stopped(),
                e => matches!(e, tasks::Error::Stopped(_)),
            },
            Self::Upscale(e) => matches!(**e, upscale::Error::Stopped(_)),
            Self::Dehaze(e) => matches!(**e, dehaze::Error::Stopped(_)),
            Self::Report(e) => matches!(**e, report::Error::Tasks(tasks::Error::Stopped(_))),
            _ => false,
        }
    }

    /// Whether something is already where a file or directory was to be made.
    pub fn is_taken(&self) -> bool {
        let run = |error: &train::Error| matches!(error, train::Error::File(files::Error::Exists { .. }));
        match self {
            Self::File(e) => matches!(e, files::Error::Exists { .. }),
            Self::Train(e) => run(e),
            Self::Tasks(e) => matches!(&**e, tasks::Error::Train(e) if run(e)),
            Self::Upscale(e) => matches!(&**e, upscale::Error::Train(e) if run(e)),
            _ => false,
        }
    }

    /// The error of the crate underneath, where this is one.
    pub fn underneath(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Interrupted { .. } | Self::Stopped(_) | Self::Gpu { .. } | Self::WithoutCuda { .. } => {
                return None;
            }
            Self::Picture(e) => e,
            Self::Train(e) => &**e,
            Self::Tasks(e) => &**e,
            Self::Upscale(e) => &**e,
            Self::Dehaze(e) => &**e,
            Self::Frames(e) => e,
            Self::Report(e) => &**e,
            Self::Sifid(e) => e,
            Self::File(e) => e,
        })
    }
}

/// Large errors are boxed, so that a successful result is small.
macro_rules! boxed {
    ($($variant:ident($error:ty),)*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )*};
}

boxed! {
    Train(train::Error),
    Tasks(tasks::Error),
    Upscale(upscale::Error),
    Dehaze(dehaze::Error),
    Report(report::Error),
}
