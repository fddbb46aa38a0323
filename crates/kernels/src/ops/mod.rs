//! The operations: shapes are checked, candle is told how to differentiate, and the work is given to `cpu` or to the GPU.

pub(crate) mod activation;
pub(crate) mod adam;
pub(crate) mod border;
pub(crate) mod conv;
#[cfg(any(feature = "cuda", feature = "emulate"))]
mod launches;
pub(crate) mod loss;
pub(crate) mod noise;
pub(crate) mod norm;
mod on_device;
pub(crate) mod packed;
pub(crate) mod resize;
pub(crate) mod weight_grads;
