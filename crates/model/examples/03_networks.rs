//! Both networks once around: a generator of three stages makes a picture, the critic judges it, and both gradients
//! are computed.
//!
//! `cargo run --release -p model --example 03_networks`
#![allow(clippy::print_stdout)]

use candle_core::{Device, Tensor};
use kernels::Stream;
use model::{Discriminator, Generator, Inputs, NetConfig, Result, first_weights};

fn main() -> Result<()> {
    let config = NetConfig::default();
    // What each stream's numbers are for is up to the caller.
    let stream = |purpose, index| Stream::new(0, [purpose, 0, index], 0);
    let (weights, noise, picture) = (1, 5, 7);
    let first = first_weights::generator(&config, stream(weights, 0), &Device::Cpu);
    let mut g = Generator::new(&config, 1, first)?;
    let d =
        Discriminator::new(&config, first_weights::discriminator(&config, stream(weights, 1), &Device::Cpu))?;
    g.grow()?;
    g.grow()?;
    println!("generator: {} numbers in {} stages", count(&g.parameters()), g.stages());
    println!(
        "discriminator: {} numbers, it sees {} pixels a side",
        count(&d.parameters()),
        config.receptive_field()
    );

    // Each stage has a size, its own noise and an amplitude for it.
    let sizes = [(25, 38), (40, 61), (66, 100)];
    let amps = [1.0, 0.1, 0.1];
    let noise = (0..3)
        .map(|k| {
            kernels::normal(stream(noise, k as u32), (0, 0), config.noise_shape(k, sizes[k]), &Device::Cpu)
        })
        .collect::<candle_core::Result<Vec<_>>>()?;
    let inputs = Inputs { noise: &noise, sizes: &sizes, amps: &amps };

    // Only the last two stages are to be trained: the first runs without a tape.
    let below = g.features(inputs, None, 0..1)?;
    let tape = g.forward_tape(inputs, Some(&below), 1)?;
    println!("a picture: {:?}", tape.picture().dims());

    // A real picture would stand here.
    let real = kernels::normal(stream(picture, 0), (0, 0), (66, 100, 3), &Device::Cpu)?.tanh()?;
    let critic = d.critic_step(&real, tape.picture(), &Tensor::new(&[0.5f32], &Device::Cpu)?, 0.1)?;
    for (name, loss) in [("real", &critic.real), ("fake", &critic.fake), ("penalty", &critic.penalty)] {
        println!("{name}: {:.4}", loss.to_vec1::<f32>()?[0]);
    }
    for ((name, _), gradient) in d.parameters().iter().zip(&critic.gradients) {
        println!("  d {name} {:?}: {:.5}", gradient.dims(), norm(gradient)?);
    }

    // The generator wants a higher score of its picture.
    let (score, at_picture) = d.score_gradient(tape.picture(), -1.0)?;
    let gradients = g.backward(&tape, &at_picture)?;
    println!("score {:.4}; gradients of {} trained tensors", score.to_vec1::<f32>()?[0], gradients.len());
    Ok(())
}

fn count(parameters: &[(String, Tensor)]) -> usize {
    parameters.iter().map(|(_, tensor)| tensor.elem_count()).sum()
}

fn norm(x: &Tensor) -> Result<f32> {
    Ok(x.sqr()?.sum_all()?.sqrt()?.to_scalar()?)
}
