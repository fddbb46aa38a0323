//! The critic of a trained run as a loss on patches: candle's autograd gives its gradient at a picture, along which noise is
//! changed until the critic takes its patches for those of the training picture.
//!
//! `cargo run --release -p model --example 02_patch_loss [DISCRIMINATOR.safetensors FILTERS]`
#![allow(clippy::print_stdout)]

use candle_core::{DType, Device, Module, Tensor, Var};
use candle_nn::VarBuilder;
use model::{Discriminator, NetConfig};

/// A tiny run of two stages that comes with the tests.
const BUNDLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fixtures/format-1/finished/stage-1/discriminator.safetensors"
);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| BUNDLED.into());
    let filters = arguments.next().map_or(Ok(8), |n| n.parse())?;
    let vb = VarBuilder::from_buffered_safetensors(std::fs::read(file)?, DType::F32, &Device::Cpu)?;
    let critic = Discriminator::new(&NetConfig { filters, ..NetConfig::default() }, vb)?;

    let picture = Var::from_tensor(&Tensor::rand(-1f32, 1.0, (1, 32, 40, 3), &Device::Cpu)?)?;
    for step in 0..=50 {
        // The critic scores every patch, real ones higher; any other loss could be added here.
        let loss = critic.forward(&picture)?.mean_all()?.neg()?;
        let gradients = loss.backward()?;
        let gradient = gradients.get(&picture).ok_or("the picture has no gradient")?;
        let norm = gradient.sqr()?.sum_all()?.sqrt()?.to_scalar::<f32>()?;
        if step % 10 == 0 {
            println!("step {step:>2}: loss {:>8.4}, gradient norm {norm:.5}", loss.to_scalar::<f32>()?);
        }
        let moved = (picture.as_tensor() - (gradient * f64::from(1.0 / norm.max(1e-12)))?)?;
        picture.set(&moved.clamp(-1f32, 1f32)?)?;
    }
    Ok(())
}
