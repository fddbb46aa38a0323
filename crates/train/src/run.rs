//! The stage loop: grow, calibrate, train, store; from any moment of a run to its end.

use crate::checkpoint::{self, Checkpoint, Parts, Position};
use crate::event::{Control, Event, Observer};
use crate::files::{to_nchw, write_tensors};
use crate::first_input::{FirstInput, fixed_stream};
use crate::guard;
use crate::log::{Line, Log, now};
use crate::losses::Late;
use crate::noise::{draw_noise, penalty_alphas, training_stream};
use crate::sample::{Sampling, draw};
use crate::step::{StageInputs, calibrate, optimizers, prepare, step};
use crate::{Error, GuardKind, Result, Run, memory, rundir};
use candle_core::{Device, Tensor};
use kernels::{Purpose, Replay, Stream, Wrap};
use model::{Discriminator, Generator};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How a call of [`train`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All stages are done.
    Finished,
    /// The observer stopped it; a checkpoint is stored.
    Stopped,
}

/// When to write what; nothing here changes the numbers.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Losses are read and logged every so many iterations (and at a stage's first and last).
    pub log_every: usize,
    /// A checkpoint is written when the last one is older than this.
    pub checkpoint_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { log_every: 10, checkpoint_every: Duration::from_secs(60) }
    }
}

/// Trains `run` from where it is to its end.
///
/// A stage begins as a copy of the one below (the discriminator goes on as it is), with its noise amplitude set from the
/// reconstruction's error, new optimizers, and `niter` iterations; then its networks are stored. The same configuration
/// gives the same bytes on the same machine, however often it was stopped in between. `first` is what stage 0 is fed with.
pub fn train(
    run: &mut Run,
    first: &dyn FirstInput,
    device: &Device,
    pace: Pace,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let result = stages(run, first, device, pace, observer);
    result.map_err(|error| memory::explained(error, run, device))
}

fn stages(
    run: &mut Run,
    first: &dyn FirstInput,
    device: &Device,
    pace: Pace,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let _lock = lock(&run.dir)?;
    let config = run.config.clone();
    kernels::set_precision(config.precision);
    let (next, done) = (run.info.stages_done, run.info.amps.len());
    // One of another stage is left over from a stop between the end of a stage and its removal.
    let mut checkpoint = Checkpoint::load(&run.dir, device)?.filter(|c| {
        c.position.stage == next && c.position.amps.len() == done + 1 && c.position.done <= config.niter
    });
    let logs = checkpoint.as_ref().map_or(run.info.logs, |c| c.position.logs);
    let mut log = Log::open(&run.dir, logs)?;
    if checkpoint.is_some() || run.info.stages_done > 0 {
        let iteration = checkpoint.as_ref().map_or(0, |c| c.position.done);
        observer.notify(&Event::Resumed { stage: run.info.stages_done, iteration });
    }

    let (mut g, d) = networks(run, device)?;
    let sizes = run.info.sizes.clone();
    let mut fixed = Vec::new();
    for stage in 0..run.info.stages_done {
        fixed.push(fixed_noise(run, first, stage, device)?);
    }
    for stage in run.info.stages_done..config.train_stages {
        let real = run.real(stage, device)?;
        if stage > 0 {
            g.grow()?;
        }
        fixed.push(fixed_noise(run, first, stage, device)?);
        let (mut opt_d, mut opt_g) = optimizers(&g, &d, &config)?;
        let (mut at, mut back) = match checkpoint.take() {
            Some(c) => c.restore(&run.dir, Parts { g: &g, d: &d, opt_g: &mut opt_g, opt_d: &mut opt_d })?,
            None => {
                let mut amps = run.info.amps.clone();
                amps.push(calibrate(&g, &config, &real, &sizes[..=stage], &amps, &fixed)?);
                (Position::start(stage, amps, logs), Vec::new())
            }
        };
        // A run that is to be fine-tuned begins with a checkpoint; one that was stopped when it had just gone back has said it.
        if at.done == 0 && !at.guard.tripped {
            log.line(&Line::Stage { stage, size: sizes[stage], amp: at.amps[stage], time: now() })?;
        }
        observer.notify(&Event::StageStarted { stage, size: sizes[stage], amp: at.amps[stage] });

        let inputs = StageInputs::new(&g, &config, real, &sizes[..=stage], &at.amps, &fixed)?;
        let fresh = inputs.fresh_noise()?;
        let sampling = Sampling {
            amps: &at.amps.clone(),
            sizes: &sizes[..=stage],
            fixed: &fixed,
            first,
            start_stage: 0,
            wrap: Wrap::default(),
            seed: config.seed,
        };
        let mut replay = Replay::new(device);
        let mut late = Late::new(&inputs.losses)?;
        let (before, begun) = (at.seconds, Instant::now());
        let mut saved = Instant::now();
        while at.done < config.niter {
            let iteration = at.done;
            if iteration.is_multiple_of(guard::KEEP_EVERY) {
                let logs = log.flush()?;
                let parts = Parts { g: &g, d: &d, opt_g: &mut opt_g, opt_d: &mut opt_d };
                back = at.guard.keep(&parts, iteration, logs)?;
            }
            draw_noise(&config, first, stage, iteration, &fresh)?;
            let stream = training_stream(&config, stage, 0, iteration);
            if let Some(example) = first.example(&inputs.real, stream)? {
                inputs.replace_fixed(&g, example)?;
            }
            let alphas = penalty_alphas(&config, stage, iteration);
            let factor = config.rate_factor(iteration) * at.guard.factor;
            prepare((&mut opt_d, &mut opt_g), &inputs, &alphas, factor, &config)?;
            replay.run(|| step(&g, &d, (&opt_d, &opt_g), &inputs, &config))?;
            if let Some(why) = replay.failure() {
                observer.notify(&Event::NotRecorded { stage, why: &why });
            }
            at.done = iteration + 1;

            let control = observer.notify(&Event::Iteration { stage, done: at.done });
            let save = control == Control::Stop || saved.elapsed() >= pace.checkpoint_every;
            let keep = at.done.is_multiple_of(guard::KEEP_EVERY);
            let logged = |done: usize| (done - 1).is_multiple_of(pace.log_every) || done == config.niter;
            let checked = |done: usize| done.is_multiple_of(guard::CHECK_EVERY) || done == config.niter;
            let asked = Some(at.done).filter(|&done| logged(done) || checked(done));
            let mut collapse = None;
            for (done, losses) in late.fetch(asked, save || keep || at.done == config.niter)? {
                if checked(done)
                    && let Some(found) = guard::check_losses(&losses, config.lambda_grad)
                {
                    collapse = Some((done, found));
                    break;
                }
                if logged(done) {
                    // A checkpoint could not be read with losses that are no numbers, of which the guard hears a little later.
                    if losses.iter().all(|l| l.is_finite()) {
                        at.losses = losses;
                    }
                    log.losses(stage, done, config.niter, losses)?;
                    observer.notify(&Event::Losses { stage, done, losses });
                }
            }
            if collapse.is_none() && config.guard == GuardKind::All && keep {
                let samples = (0..4).map(|index| draw(&g, sampling, index)).collect::<Result<Vec<_>>>()?;
                collapse = guard::check_samples(&inputs.real, &samples)?.map(|found| (at.done, found));
            }
            if let Some((from, collapse)) = collapse {
                if at.guard.tripped {
                    log.flush()?;
                    return Err(Error::Collapsed { stage, iteration: from, collapse });
                }
                let parts = Parts { g: &g, d: &d, opt_g: &mut opt_g, opt_d: &mut opt_d };
                at.guard.go_back(parts, &back)?;
                late.fetch(None, true)?; // of an iteration that is void
                log.flush()?;
                log = Log::open(&run.dir, at.guard.logs)?;
                let to = at.guard.back_to;
                log.line(&Line::WentBack { stage, from, to, reason: collapse.to_string() })?;
                observer.notify(&Event::WentBack { stage, from, to, collapse });
                at.done = to;
            }
            if save {
                at.seconds = before + begun.elapsed().as_secs_f64();
                at.logs = log.flush()?;
                let parts = Parts { g: &g, d: &d, opt_g: &mut opt_g, opt_d: &mut opt_d };
                at.steps = parts.steps();
                checkpoint::save(&run.dir, &parts, &back, &at)?;
                observer.notify(&Event::Saved { stage, done: at.done });
                saved = Instant::now();
            }
            if control == Control::Stop {
                return Ok(Outcome::Stopped);
            }
        }
        let seconds = before + begun.elapsed().as_secs_f64();
        store_stage(run, stage, &g, &d, sampling).map_err(|e| match e {
            Error::Picture(pyramid::Error::Samples { .. }) => Error::Diverged { stage, iteration: at.done },
            e => e,
        })?;
        log.line(&Line::StageDone { stage, seconds, time: now() })?;
        if stage + 1 == config.train_stages {
            log.line(&Line::Done { time: now() })?;
        }
        run.info.stages_done = stage + 1;
        run.info.amps = at.amps;
        run.info.seconds.push(seconds);
        run.info.losses.push(at.losses);
        run.info.logs = log.flush()?;
        run.save_info()?;
        run.remove_checkpoint()?;
        let sheet = run.dir.join("samples").join(format!("stage-{stage}.png"));
        let control = observer.notify(&Event::StageFinished { stage, seconds, sheet: &sheet });
        if control == Control::Stop && stage + 1 < config.train_stages {
            return Ok(Outcome::Stopped);
        }
    }
    run.tidy()?;
    observer.notify(&Event::Finished);
    Ok(Outcome::Finished)
}

/// Keeps a second process from training the same run, for as long as what it returns lives. Where directories cannot be
/// locked (Windows, some network file systems) it keeps nobody.
fn lock(dir: &Path) -> Result<Option<File>> {
    let Ok(directory) = File::open(dir) else { return Ok(None) };
    // A process that was just started from this one may hold a copy of a lock that was given back, for a moment.
    for _ in 0..20 {
        match directory.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            _ => return Ok(Some(directory)),
        }
    }
    Err(Error::run(dir, "is being trained by another process; wait for it, or stop it first"))
}

/// Where initial weights come from; `network` 0 is the generator, 1 the discriminator.
pub(crate) fn weights(seed: u64, network: u32) -> Stream {
    Stream { seed, purpose: Purpose::Weights, stage: 0, level: network, iteration: 0 }
}

/// The networks as they are at the end of the last finished stage, or new ones.
fn networks(run: &Run, device: &Device) -> Result<(Generator, Discriminator)> {
    if let Some(last) = run.info.stages_done.checked_sub(1) {
        return Ok((run.generator(last, device)?, run.discriminator(last, device)?));
    }
    let (net, seed) = (run.config.net(run.info.channels), run.info.seed);
    Ok((Generator::new(&net, weights(seed, 0), device)?, Discriminator::new(&net, weights(seed, 1), device)?))
}

/// The noise that gives the picture back: the task's at stage 0, drawn once above; or what the run brought with it.
fn fixed_noise(run: &Run, first: &dyn FirstInput, stage: usize, device: &Device) -> Result<Tensor> {
    if run.info.origin.is_some() {
        let mut stored = run.fixed_noise(stage + 1, device)?;
        return Ok(stored.swap_remove(stage));
    }
    if stage == 0 {
        return first.fixed(&run.real(0, device)?, run.info.seed);
    }
    let shape = run.config.net(run.info.channels).noise_shape(stage, run.info.sizes[stage]);
    Ok(kernels::normal(fixed_stream(run.info.seed, stage), (0, 0), shape, device)?)
}

/// Writes a finished stage's networks, noise and sheet.
pub(crate) fn store_stage(
    run: &Run,
    stage: usize,
    g: &Generator,
    d: &Discriminator,
    sampling: Sampling<'_>,
) -> Result<()> {
    let dir = run.stage_dir(stage);
    std::fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
    write_tensors(&dir.join("generator.safetensors"), g.parameters(), None)?;
    write_tensors(&dir.join("discriminator.safetensors"), d.parameters(), None)?;
    let noise = |(k, z): (usize, &Tensor)| Ok((format!("fixed.{k}"), to_nchw(z)?));
    let noise = sampling.fixed.iter().enumerate().map(noise).collect::<Result<_>>()?;
    write_tensors(&run.dir.join(rundir::FIXED_NOISE), noise, None)?;

    let mut tiles = vec![rundir::picture(&run.real(stage, sampling.fixed[0].device())?)?];
    for index in 0..15 {
        tiles.push(rundir::picture(&draw(g, sampling, index)?)?);
    }
    let sheet = run.dir.join("samples").join(format!("stage-{stage}.png"));
    Ok(pyramid::contact_sheet(&tiles, 4, 2).save_png(&sheet)?)
}
