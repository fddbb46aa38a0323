//! One parameter from a `VarBuilder`, and candle's errors about it as errors of this crate.

use crate::{Error, Result};
use candle_core::{DType, Shape, Tensor};
use candle_nn::{Init, VarBuilder};
use safetensors::SafeTensorError;

/// The parameter `name` below the builder's prefix: f32, contiguous, of this shape. `first` says how it is drawn where the builder
/// makes new parameters.
///
/// Its storage is the builder's own, as in every candle model: two networks of one builder over tensors share their weights.
///
/// # Errors
/// [`Error::Missing`] where the builder has no such tensor, [`Error::Shape`] where it has one of another
/// shape.
pub(crate) fn parameter(
    vb: &VarBuilder<'_>,
    shape: impl Into<Shape>,
    name: &str,
    first: Init,
) -> Result<Tensor> {
    match vb.get_with_hints_dtype(shape, name, first, DType::F32) {
        Ok(tensor) => Ok(tensor.contiguous()?),
        Err(error) => Err(misfit(error, &full_name(vb, name))),
    }
}

fn full_name(vb: &VarBuilder<'_>, name: &str) -> String {
    let prefix = vb.prefix();
    if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
}

/// candle's error about the parameter `name` as one of weights that do not fit.
fn misfit(error: candle_core::Error, name: &str) -> Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => misfit(*inner, name),
        candle_core::Error::CannotFindTensor { .. } => Error::missing(name),
        candle_core::Error::SafeTensor(SafeTensorError::TensorNotFound(_)) => Error::missing(name),
        candle_core::Error::UnexpectedShape { expected, got, .. } => {
            Error::shape(name, got.dims(), expected.dims())
        }
        other => other.into(),
    }
}
