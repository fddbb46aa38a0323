//! How long an iteration takes here: the real step on new weights.

use crate::first_input::{Noise, fixed_stream};
use crate::losses::Late;
use crate::noise::{draw_noise, penalty_alphas};
use crate::optimizer::Adam;
use crate::run::weights;
use crate::rundir::tensor;
use crate::step::{StageInputs, optimizers, prepare, step};
use crate::{Result, TrainConfig};
use candle_core::{Device, Tensor};
use kernels::Replay;
use model::{Discriminator, Generator};
use pyramid::Picture;
use std::time::{Duration, Instant};

/// Times of `iterations` training iterations at stage `stage` of a pyramid, after `warm_up` that do not count: noise,
/// critic and generator steps and the losses' reading, as a run does them: an iteration is done when its losses have arrived,
/// and a card has the next one queued by then.
pub fn time_stage(
    config: &TrainConfig,
    pictures: &[Picture],
    stage: usize,
    warm_up: usize,
    iterations: usize,
    device: &Device,
) -> Result<Vec<Duration>> {
    let mut trial = Trial::new(config, pictures, stage, device)?;
    // The first time a card does a step it loads its kernels, the second time it records them.
    let warm_up = if device.is_cpu() { warm_up } else { warm_up + 2 };
    let mut replay = Replay::new(device);
    let mut late = Late::new(&trial.inputs.losses)?;
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

/// What each kernel of an iteration at stage `stage` takes on a card, the longest first.
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
    g: Generator,
    d: Discriminator,
    opt_g: Adam,
    opt_d: Adam,
    inputs: StageInputs,
    fresh: Vec<Tensor>,
}

impl<'a> Trial<'a> {
    fn new(config: &'a TrainConfig, pictures: &[Picture], stage: usize, device: &Device) -> Result<Self> {
        kernels::set_precision(config.precision);
        let net = config.net(pictures[0].channels());
        let mut g = Generator::new(&net, weights(config.seed, 0), device)?;
        let d = Discriminator::new(&net, weights(config.seed, 1), device)?;
        let sizes: Vec<_> = pictures[..=stage].iter().map(Picture::size).collect();
        let mut fixed = vec![tensor(&pictures[0], device)?];
        for (level, &size) in sizes.iter().enumerate().skip(1) {
            g.grow()?;
            let shape = net.noise_shape(level, size);
            fixed.push(kernels::normal(fixed_stream(config.seed, level), (0, 0), shape, device)?);
        }
        let amps: Vec<f64> = (0..=stage).map(|k| if k == 0 { 1.0 } else { 0.1 }).collect();
        let (opt_d, opt_g) = optimizers(&g, &d, config)?;
        let real = tensor(&pictures[stage], device)?;
        let inputs = StageInputs::new(&g, config, real, &sizes, &amps, &fixed)?;
        let fresh = inputs.fresh_noise()?;
        Ok(Trial { config, stage, g, d, opt_g, opt_d, inputs, fresh })
    }

    fn prepare(&mut self, iteration: usize) -> Result<()> {
        draw_noise(self.config, &Noise, self.stage, iteration, &self.fresh)?;
        let alphas = penalty_alphas(self.config, self.stage, iteration);
        prepare((&mut self.opt_d, &mut self.opt_g), &self.inputs, &alphas, 1.0, self.config)
    }

    fn step(&self) -> Result<()> {
        step(&self.g, &self.d, (&self.opt_d, &self.opt_g), &self.inputs, self.config)
    }
}

/// The middle one of some times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
