//! Networks on disk: safetensors under PyTorch's parameter names.

use crate::{Discriminator, Error, Generator, Result};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::path::Path;

/// Writes named tensors to `path`, in the order of their names.
pub fn save(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    let tensors: HashMap<&str, Tensor> = tensors.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    candle_core::safetensors::save(&tensors, path).map_err(|e| file(path, e))
}

/// Reads every tensor of `path`.
pub fn load(path: &Path, device: &Device) -> Result<HashMap<String, Tensor>> {
    let bytes = std::fs::read(path).map_err(|e| file(path, e))?;
    candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|e| file(path, format!("not a whole safetensors file ({e}); was it cut off?")))
}

/// Copies `tensors` into `parameters` by name; every parameter must be there with its shape, and nothing else.
pub fn assign(parameters: &[(String, Tensor)], tensors: &HashMap<String, Tensor>) -> Result<()> {
    for (name, parameter) in parameters {
        let tensor = tensors.get(name).ok_or_else(|| Error::Weights(format!("{name} is missing")))?;
        if tensor.shape() != parameter.shape() {
            let (got, expected) = (tensor.dims(), parameter.dims());
            return Err(Error::Weights(format!("{name} has shape {got:?}, expected {expected:?}")));
        }
        parameter.slice_set(&tensor.to_dtype(candle_core::DType::F32)?.contiguous()?, 0, 0)?;
    }
    let extra = tensors.keys().find(|name| !ignored(name) && !parameters.iter().any(|(n, _)| n == *name));
    match extra {
        None => Ok(()),
        Some(name) => Err(Error::Weights(format!("{name} belongs to no layer"))),
    }
}

/// PyTorch stores running statistics that are never used here.
fn ignored(name: &str) -> bool {
    name.ends_with("running_mean") || name.ends_with("running_var") || name.ends_with("num_batches_tracked")
}

impl Generator {
    /// Grows to `stages` and takes its weights from `tensors`.
    pub fn load(&mut self, stages: usize, tensors: &HashMap<String, Tensor>) -> Result<()> {
        while self.stages() < stages {
            self.grow()?;
        }
        assign(&self.parameters(), tensors)
    }
}

impl Discriminator {
    /// Takes its weights from `tensors`.
    pub fn load(&mut self, tensors: &HashMap<String, Tensor>) -> Result<()> {
        assign(&self.parameters(), tensors)
    }
}

fn file(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::File { path: path.display().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActivationKind, Border, NetConfig};
    use kernels::{Purpose, Stream};

    #[test]
    fn weights_come_back_as_they_were_saved_and_misfits_are_named() -> Result<()> {
        let config = NetConfig {
            channels: 3,
            filters: 4,
            kernel: 3,
            layers: 1,
            activation: ActivationKind::Prelu,
            lrelu_alpha: 0.05,
            batch_norm: true,
            border: Border::Grown,
        };
        let new = |seed| {
            let stream = Stream { seed, purpose: Purpose::Weights, stage: 0, level: 0, iteration: 0 };
            Generator::new(&config, stream, &Device::Cpu)
        };
        let bits = |g: &Generator| -> Result<Vec<Vec<f32>>> {
            g.parameters().iter().map(|(_, t)| Ok(t.flatten_all()?.to_vec1()?)).collect()
        };
        let dir = tempfile::tempdir().map_err(|e| Error::Weights(e.to_string()))?;
        let path = dir.path().join("generator.safetensors");
        let mut saved = new(1)?;
        saved.grow()?;
        save(&path, &saved.parameters())?;

        let mut tensors = load(&path, &Device::Cpu)?;
        let mut loaded = new(2)?;
        loaded.load(2, &tensors)?;
        assert_eq!(bits(&loaded)?, bits(&saved)?);

        let tail = tensors.remove("tail.0.bias").ok_or_else(|| Error::Weights("no tail".into()))?;
        let missing = loaded.load(2, &tensors).map_err(|e| e.to_string());
        assert!(missing.is_err_and(|e| e.contains("tail.0.bias is missing")));
        tensors.insert("tail.0.bias".into(), tail.clone());
        tensors.insert("tail.1.bias".into(), tail);
        let extra = loaded.load(2, &tensors).map_err(|e| e.to_string());
        assert!(extra.is_err_and(|e| e.contains("tail.1.bias belongs to no layer")));
        Ok(())
    }
}
