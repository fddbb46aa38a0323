//! Networks from and to named tensors and safetensors files, under PyTorch's parameter names.

use crate::{Discriminator, Error, Generator, NetConfig, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;

/// A generator of `stages` stages made of all of `tensors`.
///
/// # Errors
/// [`Error::Range`] where the configuration is outside its ranges or `stages` is 0; [`Error::Missing`],
/// [`Error::Shape`] and [`Error::LeftOver`] where a parameter is missing, has another shape, or a tensor is
/// left over; running statistics, which PyTorch stores and which are never used here, may be; [`Error::NotFinite`]
/// where a weight is NaN or infinite.
pub fn generator(
    config: &NetConfig,
    stages: usize,
    tensors: HashMap<String, Tensor>,
    device: &Device,
) -> Result<Generator> {
    let names: Vec<String> = tensors.keys().cloned().collect();
    let g = Generator::new(config, stages, VarBuilder::from_tensors(tensors, DType::F32, device))?;
    none_left(&names, &g.parameters())?;
    all_finite(&g.parameters())?;
    Ok(g)
}

/// A discriminator made of all of `tensors`.
///
/// # Errors
/// [`Error::Range`] where the configuration is outside its ranges; for the tensors as [`generator`].
pub fn discriminator(
    config: &NetConfig,
    tensors: HashMap<String, Tensor>,
    device: &Device,
) -> Result<Discriminator> {
    let names: Vec<String> = tensors.keys().cloned().collect();
    let d = Discriminator::new(config, VarBuilder::from_tensors(tensors, DType::F32, device))?;
    none_left(&names, &d.parameters())?;
    all_finite(&d.parameters())?;
    Ok(d)
}

/// Writes named tensors to `path`, in the order of their names.
///
/// # Errors
/// [`Error::File`] where the file cannot be written.
pub fn save(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    let tensors: HashMap<&str, Tensor> = tensors.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    candle_core::safetensors::save(&tensors, path).map_err(|e| file(path, e))
}

/// Reads every tensor of `path`.
///
/// # Errors
/// [`Error::File`] where the file cannot be read or is no whole safetensors file.
pub fn load(path: &Path, device: &Device) -> Result<HashMap<String, Tensor>> {
    let bytes = std::fs::read(path).map_err(|e| file(path, e))?;
    candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|e| file(path, format!("not a whole safetensors file ({e})")))
}

/// Copies `tensors` into `parameters` by name: into the memory that is there, which an optimizer or a recorded iteration knows.
///
/// # Errors
/// [`Error::Missing`], [`Error::Shape`] and [`Error::LeftOver`] where a parameter is missing, has another
/// shape, or a tensor is left over.
pub fn assign(parameters: &[(String, Tensor)], tensors: &HashMap<String, Tensor>) -> Result<()> {
    for (name, parameter) in parameters {
        let tensor = tensors.get(name).ok_or_else(|| Error::missing(name))?;
        if tensor.shape() != parameter.shape() {
            return Err(Error::shape(name, tensor.dims(), parameter.dims()));
        }
        parameter.slice_set(&tensor.to_dtype(DType::F32)?.contiguous()?, 0, 0)?;
    }
    none_left(tensors.keys(), parameters)
}

/// Checks that every name is that of a parameter.
fn none_left<'a>(names: impl IntoIterator<Item = &'a String>, parameters: &[(String, Tensor)]) -> Result<()> {
    let known = |name: &String| ignored(name) || parameters.iter().any(|(n, _)| n == name);
    match names.into_iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(Error::LeftOver { name: name.clone() }),
    }
}

/// Checks that every weight is a finite number. Nothing that is computed with others is one.
fn all_finite(parameters: &[(String, Tensor)]) -> Result<()> {
    for (name, parameter) in parameters {
        let values = parameter.flatten_all()?.to_vec1::<f32>()?;
        if !values.iter().all(|value| value.is_finite()) {
            return Err(Error::NotFinite { name: name.clone() });
        }
    }
    Ok(())
}

/// Running statistics of batch norm, which PyTorch stores and which are never used here.
fn ignored(name: &str) -> bool {
    name.ends_with("running_mean") || name.ends_with("running_var") || name.ends_with("num_batches_tracked")
}

fn file(path: &Path, reason: impl Display) -> Error {
    Error::File { path: path.display().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActivationKind, first_weights};
    use kernels::Stream;

    #[test]
    fn weights_come_back_as_they_were_saved_and_misfits_are_named() -> Result<()> {
        let config = NetConfig {
            filters: 4,
            layers: 1,
            activation: ActivationKind::Prelu,
            batch_norm: true,
            ..NetConfig::default()
        };
        let bits = |g: &Generator| -> Result<Vec<Vec<f32>>> {
            g.parameters().iter().map(|(_, t)| Ok(t.flatten_all()?.to_vec1()?)).collect()
        };
        let dir = tempfile::tempdir().map_err(|e| file(Path::new("a temporary file"), e))?;
        let path = dir.path().join("generator.safetensors");
        let stream = Stream::new(1, [1, 0, 0], 0);
        let saved = Generator::new(&config, 2, first_weights::generator(&config, stream, &Device::Cpu))?;
        save(&path, &saved.parameters())?;

        let mut tensors = load(&path, &Device::Cpu)?;
        let loaded = |tensors: &HashMap<_, _>| generator(&config, 2, tensors.clone(), &Device::Cpu);
        assert_eq!(bits(&loaded(&tensors)?)?, bits(&saved)?);
        // candle alone reads them as well.
        let bytes = std::fs::read(&path).map_err(|e| file(Path::new("a temporary file"), e))?;
        let vb = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu)?;
        assert_eq!(bits(&Generator::new(&config, 2, vb.clone())?)?, bits(&saved)?);
        let missing = Generator::new(&config, 3, vb).map_err(|e| e.to_string()).map(|_| ());
        assert!(missing.is_err_and(|e| e.contains("body.2.block0.conv.weight is missing")));

        let refused = |tensors: &HashMap<_, _>, expected: &str| {
            let error = loaded(tensors).map(|_| ()).expect_err("is refused").to_string();
            assert!(error.contains(expected), "{error}");
        };
        let tail = tensors.remove("tail.0.bias").ok_or_else(|| Error::missing("tail"))?;
        refused(&tensors, "tail.0.bias is missing");
        tensors.insert("tail.0.bias".into(), Tensor::zeros(7, DType::F32, &Device::Cpu)?);
        refused(&tensors, "tail.0.bias has shape [7], expected [3]");
        tensors.insert("tail.0.bias".into(), tail.clone());
        tensors.insert("head.norm.running_mean".into(), tail.clone());
        loaded(&tensors)?;
        tensors.insert("tail.1.bias".into(), tail);
        refused(&tensors, "tail.1.bias belongs to no layer");
        tensors.remove("tail.1.bias");
        for value in [f32::NAN, f32::INFINITY] {
            tensors.insert("tail.0.bias".into(), Tensor::new(&[0.0, value, 0.0], &Device::Cpu)?);
            refused(&tensors, "tail.0.bias holds a number that is not finite");
        }
        Ok(())
    }
}
