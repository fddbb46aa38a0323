//! A run under training: the state that is kept across stages.

use crate::checkpoint::Checkpoint;
use crate::event::{Event, Observer};
use crate::lock::Lock;
use crate::log::Log;
use crate::networks::Networks;
use crate::sample::Model;
use crate::{FirstInput, Result, Run, TrainConfig, streams};
use candle_core::{Device, Tensor};
use model::{Discriminator, Generator, first_weights};
use std::time::Duration;

/// How often losses and checkpoints are written. It does not change what is computed.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Losses are read and logged every so many iterations (and at a stage's first and last).
    pub log_every: usize,
    /// A checkpoint is written when the last one is older than this.
    pub checkpoint_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { log_every: 10, checkpoint_every: Duration::from_secs(60) }
    }
}

/// A run under training, with what was given to train it.
pub(crate) struct Session<'a> {
    pub(crate) run: &'a mut Run,
    pub(crate) first: &'a dyn FirstInput,
    pub(crate) device: &'a Device,
    pub(crate) pace: Pace,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) config: TrainConfig,
    pub(crate) networks: Networks,
    /// The fixed noise of every stage so far.
    pub(crate) fixed: Vec<Tensor>,
    pub(crate) log: Log,
    /// The checkpoint of the stage that comes next, if that was begun.
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) lock: Lock,
}

impl<'a> Session<'a> {
    /// Opens the run's logs, checkpoint and networks, and keeps other processes from training it.
    pub(crate) fn open(
        run: &'a mut Run,
        first: &'a dyn FirstInput,
        device: &'a Device,
        pace: Pace,
        observer: &'a mut dyn Observer,
    ) -> Result<Self> {
        let lock = Lock::take(&run.dir)?;
        // Another process may have trained it further since it was opened.
        *run = Run::open(&run.dir)?;
        run.upgrade()?;
        let config = run.config.clone();
        let (stage, amps) = (run.info.stages_done, run.info.amps.len());
        // A checkpoint of another stage remains when the program is killed between the end of that stage and
        // the removal of its checkpoint.
        let checkpoint = Checkpoint::load(&run.dir, device)?.filter(|c| {
            let position = &c.position;
            position.stage == stage && position.amps.len() == amps + 1 && position.done <= config.niter
        });
        let logs = checkpoint.as_ref().map_or(run.info.logs, |c| c.position.logs);
        let log = Log::open(&run.dir, logs)?;
        if checkpoint.is_some() || stage > 0 {
            let iteration = checkpoint.as_ref().map_or(0, |c| c.position.done);
            observer.notify(&Event::Resumed { stage, iteration });
        }
        let (generator, discriminator) = networks(run, device)?;
        let networks = Networks::new(generator, discriminator, &config)?;
        let fixed = (0..stage).map(|below| fixed_noise(run, first, below, device));
        let fixed = fixed.collect::<Result<Vec<_>>>()?;
        Ok(Self { run, first, device, pace, observer, config, networks, fixed, log, checkpoint, lock })
    }

    /// Prepares the networks for the next stage: a stage above 0 starts as a copy of the one below, and the
    /// optimizers are new. Returns the model that is trained, whose last amplitude is still to be found.
    pub(crate) fn grow(&mut self) -> Result<Model> {
        let stage = self.run.info.stages_done;
        if stage > 0 {
            self.networks.generator.grow()?;
        }
        self.networks.renew_optimizers(&self.config)?;
        self.fixed.push(fixed_noise(self.run, self.first, stage, self.device)?);
        let mut amps = self.run.info.amps.clone();
        amps.push(0.0);
        Ok(Model {
            generator: self.networks.generator.clone(),
            amps,
            sizes: self.run.info.sizes[..=stage].to_vec(),
            fixed: self.fixed.clone(),
        })
    }

    /// Ends the run, of which all stages are done.
    pub(crate) fn close(self) -> Result<()> {
        self.lock.check()?;
        self.run.tidy()?;
        self.observer.notify(&Event::Finished);
        Ok(())
    }
}

/// The networks as they are at the end of the last finished stage, or new ones.
fn networks(run: &Run, device: &Device) -> Result<(Generator, Discriminator)> {
    if let Some(last) = run.info.stages_done.checked_sub(1) {
        return Ok((run.generator(last, device)?, run.discriminator(last, device)?));
    }
    new_networks(run.info.seed, &run.config, run.info.channels, device)
}

/// Networks of one stage with their first weights.
pub(crate) fn new_networks(
    seed: u64,
    config: &TrainConfig,
    channels: usize,
    device: &Device,
) -> Result<(Generator, Discriminator)> {
    let net = config.net(channels);
    let of_generator = first_weights::generator(&net, streams::generator_weights(seed), device);
    let of_discriminator = first_weights::discriminator(&net, streams::discriminator_weights(seed), device);
    Ok((Generator::new(&net, 1, of_generator)?, Discriminator::new(&net, of_discriminator)?))
}

/// The noise that reconstructs the picture: the task's input at stage 0, noise that is drawn once at the
/// stages above; or the stored noise of a run that trains another run's stage again.
fn fixed_noise(run: &Run, first: &dyn FirstInput, stage: usize, device: &Device) -> Result<Tensor> {
    if run.info.origin.is_some() {
        let mut stored = run.fixed_noise(stage + 1, device)?;
        return Ok(stored.swap_remove(stage));
    }
    if stage == 0 {
        return first.fixed(&run.real(0, device)?, run.info.seed);
    }
    let shape = run.config.net(run.info.channels).noise_shape(stage, run.info.sizes[stage]);
    Ok(kernels::normal(streams::fixed_noise(run.info.seed, stage), (0, 0), shape, device)?)
}
