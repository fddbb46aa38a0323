//! How long an iteration takes here: the real step on new weights.

use crate::first_input::{Noise, fixed_stream};
use crate::run::{draw_noise, penalty_alphas, weights};
use crate::rundir::tensor;
use crate::step::{StageInputs, optimizers, prepare, step};
use crate::{Result, TrainConfig};
use candle_core::Device;
use kernels::Replay;
use model::{Discriminator, Generator};
use pyramid::Picture;
use std::time::{Duration, Instant};

/// Times of `iterations` training iterations at stage `stage` of a pyramid, after `warm_up` that do not count: noise,
/// critic and generator steps and the losses' reading, as a run does them.
pub fn time_stage(
    config: &TrainConfig,
    pictures: &[Picture],
    stage: usize,
    warm_up: usize,
    iterations: usize,
    device: &Device,
) -> Result<Vec<Duration>> {
    kernels::set_precision(config.precision);
    let net = config.net(pictures[0].channels());
    let mut g = Generator::new(&net, weights(config.seed, 0), device)?;
    let d = Discriminator::new(&net, weights(config.seed, 1), device)?;
    let sizes: Vec<_> = pictures[..=stage].iter().map(Picture::size).collect();
    let mut fixed = vec![tensor(&pictures[0], device)?];
    for (level, &size) in sizes.iter().enumerate().skip(1) {
        g.grow()?;
        fixed.push(kernels::normal(
            fixed_stream(config.seed, level),
            (0, 0),
            net.noise_shape(level, size),
            device,
        )?);
    }
    let amps: Vec<f64> = (0..=stage).map(|k| if k == 0 { 1.0 } else { 0.1 }).collect();
    let (mut opt_d, mut opt_g) = optimizers(&g, &d, config)?;
    let inputs = StageInputs::new(&g, config, tensor(&pictures[stage], device)?, &sizes, &amps, &fixed)?;
    let fresh = inputs.fresh_noise()?;
    let mut times = Vec::with_capacity(iterations);
    // The first time a card does a step it loads its kernels, the second time it records them.
    let warm_up = if device.is_cpu() { warm_up } else { warm_up + 2 };
    let mut replay = Replay::new(device);
    for i in 0..warm_up + iterations {
        let start = Instant::now();
        draw_noise(config, &Noise, stage, i, &fresh)?;
        let alphas = penalty_alphas(config, stage, i);
        prepare((&mut opt_d, &mut opt_g), &inputs, &alphas, 1.0, config)?;
        replay.run(|| step(&g, &d, (&opt_d, &opt_g), &inputs, config))?;
        inputs.losses.read()?;
        if i >= warm_up {
            times.push(start.elapsed());
        }
    }
    Ok(times)
}

/// The middle one of some times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
