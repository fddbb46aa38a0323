//! Devices to compute on.

use crate::Result;
use candle_core::Device;

/// The GPU of this number, from 0.
///
/// # Errors
/// [`crate::Error::Gpu`] where it is not there or cannot be used, [`crate::Error::WithoutCuda`] where this
/// crate was built without the feature `cuda`.
#[cfg(feature = "cuda")]
pub fn gpu(number: usize) -> Result<Device> {
    kernels::cuda_device(number).map_err(|error| crate::Error::Gpu { number, reason: error.to_string() })
}

/// The GPU of this number, from 0.
///
/// # Errors
/// [`crate::Error::Gpu`] where it is not there or cannot be used, [`crate::Error::WithoutCuda`] where this
/// crate was built without the feature `cuda`.
#[cfg(not(feature = "cuda"))]
pub fn gpu(number: usize) -> Result<Device> {
    Err(crate::Error::WithoutCuda { number })
}

/// The first GPU if it can be used, else the CPU.
pub fn any_device() -> Device {
    gpu(0).unwrap_or(Device::Cpu)
}
