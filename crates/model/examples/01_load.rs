//! A trained run's generator in ten lines, with candle alone: its stored parameters make a picture from noise.
//!
//! `cargo run --release -p model --example 01_load [GENERATOR.safetensors FILTERS STAGES]`
#![allow(clippy::print_stdout)]

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use model::{Generator, Inputs, NetConfig};

/// A tiny run of two stages that comes with the tests.
const BUNDLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fixtures/format-1/finished/stage-1/generator.safetensors"
);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| BUNDLED.into());
    let filters = arguments.next().map_or(Ok(8), |n| n.parse())?;
    let stages = arguments.next().map_or(Ok(2), |n| n.parse())?;

    let device = Device::Cpu;
    let vb = VarBuilder::from_buffered_safetensors(std::fs::read(file)?, DType::F32, &device)?;
    let config = NetConfig { filters, ..NetConfig::default() };
    let generator = Generator::new(&config, stages, vb)?;
    // Sizes and amplitudes are the caller's choice; those of the training are in the run's `run.json`.
    let sizes: Vec<_> = (0..stages).map(|k| (25 + 10 * k, 40 + 16 * k)).collect();
    let shapes = sizes.iter().enumerate().map(|(k, &size)| config.noise_shape(k, size));
    let noise: Vec<_> =
        shapes.map(|(h, w, c)| Tensor::randn(0f32, 1.0, (1, h, w, c), &device)).collect::<Result<_, _>>()?;
    let picture = generator.forward(Inputs { noise: &noise, sizes: &sizes, amps: &vec![0.1; stages] })?;
    println!(
        "a picture {:?} with values from {:.3} to {:.3}",
        picture.dims(),
        picture.min_all()?.to_scalar::<f32>()?,
        picture.max_all()?.to_scalar::<f32>()?
    );
    Ok(())
}
