//! `lab golden`: the reference's cases through our crates, a line a tensor.
//!
//! A case is a safetensors file with inputs (f32), expected outputs (f64) and, as JSON under the metadata key `case`,
//! its kind, its configuration and PyTorch's own f32 error. What is allowed follows from those (see `Check`).

mod image;
mod network;
mod quality;
mod step;

use crate::device;
use crate::output::{line, say};
use anyhow::{Context, Result, bail};
use candle_core::Device;
use clap::Args;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct GoldenArgs {
    /// A folder of cases
    #[arg(long, default_value = "assets/golden")]
    cases: PathBuf,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
    /// Where to compute: cpu, cuda (the first GPU) or cuda:N
    #[arg(long, default_value = "cpu")]
    device: String,
}

/// Runs every case of a folder and says whether all tensors were within what is allowed.
pub(crate) fn run(args: &GoldenArgs) -> Result<bool> {
    let (cases, json, device) = (&args.cases, args.json, device::open(&args.device)?);
    let mut files: Vec<_> = std::fs::read_dir(cases)
        .with_context(|| format!("{}: no such folder of golden cases", cases.display()))?
        .collect::<std::io::Result<Vec<_>>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("{}: no .safetensors file in it", cases.display());
    }
    let (mut tensors, mut misses) = (0, 0);
    for path in &files {
        let case = Case::read(path, &device)?;
        let checks = case.run().with_context(|| format!("{}: cannot be run", path.display()))?;
        if checks.is_empty() {
            bail!("{}: no tensor was compared", path.display());
        }
        for check in checks {
            let miss = check.error.is_nan() || check.error > check.allowed;
            tensors += 1;
            misses += usize::from(miss);
            check.print(&case.name, miss, json);
        }
    }
    say(&format!("{} cases, {tensors} tensors, {misses} misses", files.len()));
    Ok(misses == 0)
}

/// One tensor compared.
struct Check {
    tensor: String,
    error: f64,
    allowed: f64,
}

impl Check {
    fn new(tensor: impl Into<String>, error: f64, allowed: f64) -> Self {
        Check { tensor: tensor.into(), error, allowed }
    }

    fn print(&self, case: &str, miss: bool, json: bool) {
        let Check { tensor, error, allowed } = self;
        if json {
            line(&serde_json::json!({"case": case, "tensor": tensor, "error": error, "allowed": allowed, "ok": !miss}).to_string());
        } else {
            line(&format!(
                "{} {case} {tensor} {error:.3e} allowed {allowed:.1e}",
                if miss { "MISS" } else { "ok  " }
            ));
        }
    }
}

/// A file of tensors with its description.
struct Case {
    name: String,
    meta: Value,
    bytes: Vec<u8>,
    /// Where the networks run.
    device: Device,
}

impl Case {
    fn read(path: &Path, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let (_, header) = SafeTensors::read_metadata(&bytes)
            .with_context(|| format!("{}: no safetensors file", path.display()))?;
        let text = header.metadata().as_ref().and_then(|m| m.get("case"));
        let text = text.with_context(|| format!("{}: no metadata `case`", path.display()))?;
        let meta =
            serde_json::from_str(text).with_context(|| format!("{}: metadata `case`", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Case { name, meta, bytes, device: device.clone() })
    }

    fn run(&self) -> Result<Vec<Check>> {
        match self.meta["kind"].as_str() {
            Some("imresize") => image::imresize(self),
            Some("pyramid") => image::pyramid(self),
            Some("upsample") => image::upsample(self),
            Some("forward") => network::forward(self),
            Some("metrics") => quality::metrics(self),
            Some("train") => step::train(self),
            other => bail!("the kind {other:?} is not known"),
        }
    }

    fn tensors(&self) -> Result<SafeTensors<'_>> {
        Ok(SafeTensors::deserialize(&self.bytes)?)
    }

    fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.tensors()?.names().into_iter().map(String::from).collect();
        names.sort();
        Ok(names)
    }

    /// Shape and values of a tensor, as f64 whatever its type.
    fn get(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let tensors = self.tensors()?;
        let view = tensors.tensor(name).with_context(|| format!("tensor {name}"))?;
        let data = view.data();
        let values = match view.dtype() {
            Dtype::F64 => data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            Dtype::F32 => data.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::U8 => data.iter().map(|b| f64::from(*b)).collect(),
            other => bail!("tensor {name} has type {other:?}"),
        };
        Ok((view.shape().to_vec(), values))
    }

    /// PyTorch's own f32 error of a tensor, if the case has it.
    fn torch_error(&self, tensor: &str) -> f64 {
        self.meta["torch_f32_error"][tensor].as_f64().unwrap_or(0.0)
    }

    /// The usual comparison: relative Frobenius error of at most 20 times PyTorch's, at least 5e-5; `floor` raises that.
    /// Where zero is expected, a norm of at most 1e-6.
    fn compare(&self, tensor: &str, ours: &[f32], floor: f64) -> Result<Check> {
        let (shape, expected) = self.get(tensor)?;
        if expected.len() != ours.len() {
            bail!("{tensor} has shape {shape:?}, ours has {} values", ours.len());
        }
        let norm = expected.iter().map(|v| v * v).sum::<f64>().sqrt();
        let error = ours.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
        if norm == 0.0 {
            return Ok(Check::new(tensor, error, 1e-6));
        }
        Ok(Check::new(tensor, error / norm, (20.0 * self.torch_error(tensor)).max(5e-5).max(floor)))
    }
}
