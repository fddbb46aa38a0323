//! The operations. Each checks its shapes, defines its derivative for candle, and calls the crate `cpu` or
//! launches GPU kernels.

pub(crate) mod activation;
pub(crate) mod adam;
pub(crate) mod border;
pub(crate) mod conv;
#[cfg(any(feature = "cuda", feature = "emulate"))]
mod launches;
pub(crate) mod loss;
pub(crate) mod noise;
pub(crate) mod norm;
pub(crate) mod norm_sums;
mod on_device;
pub(crate) mod packed;
pub(crate) mod resize;
pub(crate) mod resize_rows;
pub(crate) mod weight_grads;
