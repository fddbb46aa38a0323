//! Times real training iterations, on new weights.

use crate::loss_buffer::LateLosses;
use crate::noise::{draw_noise, penalty_alphas};
use crate::pictures::tensor;
use crate::session::new_networks;
use crate::step::{StageInputs, prepare, step};
use crate::{Model, Networks, Noise, Result, TrainConfig, streams};
use candle_core::{Device, Tensor};
use kernels::Replay;
use pyramid::Picture;
use std::time::{Duration, Instant};

/// Times of `iterations` training iterations at stage `stage` of a pyramid, after `warm_up` that do not count: noise,
/// critic and generator steps and the losses' reading, as a run does them: an iteration is done when its losses have arrived,
/// and a GPU has the next one queued by then.
///
/// # Errors
/// [`crate::Error::Model`] and [`crate::Error::Tensor`] where the settings do not suit the pictures, or the
/// device fails.
pub fn time_stage(
    config: &TrainConfig,
    pictures: &[Picture],
    stage: usize,
    warm_up: usize,
    iterations: usize,
    device: &Device,
) -> Result<Vec<Duration>> {
    let mut trial = Trial::new(config, pictures, stage, device)?;
    // The first time a GPU does a step it loads its kernels, the second time it records them.
    let warm_up = if device.is_cpu() { warm_up } else { warm_up + 2 };
    let mut replay = Replay::new(device);
    let mut late = LateLosses::new(&trial.inputs.losses)?;
    let mut times = Vec::with_capacity(iterations);
    let mut before = Instant::now();
    for i in 0..warm_up + iterations {
        trial.prepare(i)?;
        replay.run(|| trial.step())?;
        let last = i + 1 == warm_up + iterations;
        for (done, _) in late.fetch(Some(i), last || device.is_cpu())? {
            if done >= warm_up {
                times.push(before.elapsed());
            }
            before = Instant::now();
        }
    }
    Ok(times)
}

/// What each kernel of an iteration at stage `stage` takes on a GPU, the longest first.
///
/// # Errors
/// [`crate::Error::Model`] and [`crate::Error::Tensor`] where the settings do not suit the pictures, or the
/// device is no GPU or fails.
#[cfg(feature = "cuda")]
pub fn profile_stage(
    config: &TrainConfig,
    pictures: &[Picture],
    stage: usize,
    device: &Device,
) -> Result<Vec<kernels::KernelTime>> {
    let mut trial = Trial::new(config, pictures, stage, device)?;
    trial.prepare(0)?;
    kernels::profile(device, || trial.step())
}

/// Networks and inputs of a stage that is timed.
struct Trial<'a> {
    config: &'a TrainConfig,
    stage: usize,
    networks: Networks,
    inputs: StageInputs,
    fresh: Vec<Tensor>,
}

impl<'a> Trial<'a> {
    fn new(config: &'a TrainConfig, pictures: &[Picture], stage: usize, device: &Device) -> Result<Self> {
        let channels = pictures[0].channels();
        let (mut generator, discriminator) = new_networks(config.seed, config, channels, device)?;
        let sizes: Vec<_> = pictures[..=stage].iter().map(Picture::size).collect();
        let mut fixed = vec![tensor(&pictures[0], device)?];
        for (level, &size) in sizes.iter().enumerate().skip(1) {
            generator.grow()?;
            let shape = config.net(channels).noise_shape(level, size);
            let stream = streams::fixed_noise(config.seed, level);
            fixed.push(kernels::normal(stream, (0, 0), shape, device)?);
        }
        let amps = (0..=stage).map(|k| if k == 0 { 1.0 } else { 0.1 }).collect();
        let networks = Networks::new(generator, discriminator, config)?;
        let model = Model { generator: networks.generator.clone(), amps, sizes, fixed };
        let inputs = StageInputs::new(model, config, tensor(&pictures[stage], device)?)?;
        let fresh = inputs.fresh_noise()?;
        Ok(Self { config, stage, networks, inputs, fresh })
    }

    fn prepare(&mut self, iteration: usize) -> Result<()> {
        draw_noise(self.config, &Noise, self.stage, iteration, &self.fresh)?;
        let alphas = penalty_alphas(self.config, self.stage, iteration);
        prepare(&mut self.networks, &self.inputs, &alphas, 1.0, self.config)
    }

    fn step(&self) -> Result<()> {
        step(&self.networks, &self.inputs, self.config)
    }
}

/// The median of some times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
