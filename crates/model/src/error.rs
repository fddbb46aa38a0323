//! What can go wrong in this crate.

/// An error of the networks or their files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// A parameter is not among the tensors.
    #[error("weights do not fit the configuration: {name} is missing")]
    Missing {
        /// The parameter's name.
        name: String,
    },
    /// A tensor does not have the shape of its parameter.
    #[error("weights do not fit the configuration: {name} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// The parameter's name.
        name: String,
        /// The shape of the tensor.
        found: Vec<usize>,
        /// The shape of the parameter.
        expected: Vec<usize>,
    },
    /// A tensor belongs to no parameter.
    #[error("weights do not fit the configuration: {name} belongs to no layer")]
    LeftOver {
        /// The tensor's name.
        name: String,
    },
    /// A weight is no finite number.
    #[error("{name} holds a number that is not finite")]
    NotFinite {
        /// The tensor's name.
        name: String,
    },
    /// The generator was asked to run none of its stages.
    #[error("no stage to run")]
    NoStage,
    /// The caller ended the work.
    #[error("stopped")]
    Stopped,
    /// A weight file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    /// Whether the calling program is at fault, and not the input of its user.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::NoStage | Self::Tensor(_))
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::Missing { name: name.into() }
    }

    pub(crate) fn shape(name: &str, found: &[usize], expected: &[usize]) -> Self {
        Self::Shape { name: name.into(), found: found.to_vec(), expected: expected.to_vec() }
    }

    /// Whether tensors cannot be those of a network: one is missing, left over, has another shape, or is not finite.
    pub fn is_misfit(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. } | Self::Shape { .. } | Self::LeftOver { .. } | Self::NotFinite { .. }
        )
    }
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
