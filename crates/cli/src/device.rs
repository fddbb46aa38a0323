//! `--device`: the device to compute on.

use crate::refusal::refusal;
use anyhow::Result;
use clap::Args;
use consingan::{Device, Error};

/// `--device`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DeviceArgs {
    /// Where to compute: cpu, cuda (the first GPU), cuda:N, or auto (a GPU if there is one)
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = parse)]
    device: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Auto,
    Cpu,
    Cuda(usize),
}

fn parse(text: &str) -> Result<Wanted, String> {
    match text {
        "auto" => return Ok(Wanted::Auto),
        "cpu" => return Ok(Wanted::Cpu),
        "cuda" => return Ok(Wanted::Cuda(0)),
        _ => {}
    }
    let number = text.strip_prefix("cuda:").and_then(|n| n.parse().ok()).filter(|&n| n < 256);
    number.map(Wanted::Cuda).ok_or_else(|| "give auto, cpu, cuda or cuda:N, N from 0 to 255".into())
}

impl DeviceArgs {
    /// Refuses a GPU for a command that would not use it.
    ///
    /// # Errors
    /// If one was: `what` is computed on the CPU, and `with` is what a GPU helps with.
    pub(crate) fn expect_cpu(self, what: &str, with: &str) -> Result<()> {
        match self.device {
            Wanted::Cuda(number) => Err(refusal(
                format!("device is cuda:{number}, but {what} is computed on the CPU"),
                format!("leave --device out, or use {with}"),
            )),
            Wanted::Auto | Wanted::Cpu => Ok(()),
        }
    }

    /// Opens the device, and logs the name of a GPU.
    ///
    /// # Errors
    /// For a GPU that is not there or cannot be used.
    pub(crate) fn open(self) -> Result<Device> {
        match self.device {
            Wanted::Cpu => Ok(Device::Cpu),
            Wanted::Cuda(number) => gpu(number),
            Wanted::Auto => Ok(any_gpu().unwrap_or(Device::Cpu)),
        }
    }
}

fn gpu(number: usize) -> Result<Device> {
    let device = consingan::gpu(number).map_err(|error| match error {
        Error::WithoutCuda { .. } => refusal(
            format!("device is cuda:{number}, but this program was built without CUDA"),
            "build it with --features cuda, or give --device cpu",
        ),
        Error::Gpu { reason, .. } => refusal(
            format!("device is cuda:{number}, which cannot be used ({reason})"),
            "see nvidia-smi for the GPUs there are, or give --device cpu",
        ),
        other => other.into(),
    })?;
    tracing::info!("computing on GPU {number}");
    Ok(device)
}

/// The first GPU, or `None` if it cannot be used. Only a program that was built with CUDA logs that.
fn any_gpu() -> Option<Device> {
    if cfg!(not(feature = "cuda")) {
        return None;
    }
    let found = gpu(0);
    if let Err(error) = &found {
        tracing::info!("computing on the CPU: {error:#}");
    }
    found.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named() {
        assert_eq!(parse("auto"), Ok(Wanted::Auto));
        assert_eq!(parse("cuda"), Ok(Wanted::Cuda(0)));
        assert_eq!(parse("cuda:3"), Ok(Wanted::Cuda(3)));
        for wrong in ["gpu", "cuda:", "cuda:-1", "cuda:999", "CPU", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
