//! `--device`: where golden cases are computed.

use anyhow::{Context, Result, bail};
use candle_core::Device;

/// Opens `cpu`, `cuda` (the first GPU) or `cuda:N`.
pub(crate) fn open(name: &str) -> Result<Device> {
    let number = match name {
        "cpu" => return Ok(Device::Cpu),
        "cuda" => 0,
        _ => {
            let number = name.strip_prefix("cuda:").and_then(|number| number.parse().ok());
            number
                .with_context(|| format!("there is no device \"{name}\"; there are cpu, cuda and cuda:N"))?
        }
    };
    gpu(number)
}

#[cfg(feature = "cuda")]
fn gpu(number: usize) -> Result<Device> {
    match kernels::cuda_device(number) {
        Ok(device) => Ok(device),
        Err(error) => bail!("GPU {number} cannot be used: {error}"),
    }
}

#[cfg(not(feature = "cuda"))]
fn gpu(number: usize) -> Result<Device> {
    bail!("GPU {number} cannot be used: this program was built without --features cuda")
}
