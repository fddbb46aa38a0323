//! A stage under training, iteration by iteration.

use crate::checkpoint::{self, Position};
use crate::event::{Control, Event};
use crate::guard::{self, CHECK_EVERY, KEEP_EVERY, Snapshot};
use crate::log::{Line, Log, now};
use crate::loss_buffer::LateLosses;
use crate::noise::{draw_noise, penalty_alphas};
use crate::sample::Sampling;
use crate::session::Session;
use crate::step::{StageInputs, calibrate, prepare, step};
use crate::streams::Moment;
use crate::{Collapse, Error, GuardKind, Result};
use candle_core::Tensor;
use kernels::{Replay, Wrap};
use std::time::Instant;

/// Samples that the guard looks at.
const LOOKED_AT: u32 = 4;

/// The last stage of the session's networks while it is trained.
pub(crate) struct Stage<'s, 'a> {
    session: &'s mut Session<'a>,
    /// The position in the stage: everything in a checkpoint except the tensors.
    position: Position,
    /// What the guard would go back to.
    snapshot: Snapshot,
    inputs: StageInputs,
    /// Where each iteration's noise goes.
    fresh: Vec<Tensor>,
    replay: Replay,
    late: LateLosses,
    /// When training of the stage was started or resumed, when its checkpoint was last written, and the
    /// seconds that it took before.
    begun: Instant,
    saved: Instant,
    seconds_before: f64,
    /// What the observer wants, and whether a checkpoint is due.
    control: Control,
    save_is_due: bool,
}

impl<'s, 'a> Stage<'s, 'a> {
    /// The next stage, from its checkpoint or from its start; `None` where all stages are done.
    pub(crate) fn begin(session: &'s mut Session<'a>) -> Result<Option<Self>> {
        let stage = session.run.info.stages_done;
        if stage == session.config.train_stages {
            return Ok(None);
        }
        let real = session.run.real(stage, session.device)?;
        let mut model = session.grow()?;
        let (position, snapshot) = match session.checkpoint.take() {
            Some(checkpoint) => checkpoint.restore(&session.run.dir, &mut session.networks)?,
            None => {
                let mut amps = session.run.info.amps.clone();
                amps.push(calibrate(&model, &session.config, &real)?);
                (Position::start(stage, amps, session.run.info.logs), Snapshot::new())
            }
        };
        model.amps.clone_from(&position.amps);
        announce(session, &position)?;

        let inputs = StageInputs::new(model, &session.config, real)?;
        Ok(Some(Self {
            fresh: inputs.fresh_noise()?,
            replay: Replay::new(session.device),
            late: LateLosses::new(&inputs.losses)?,
            begun: Instant::now(),
            saved: Instant::now(),
            seconds_before: position.seconds,
            control: Control::Continue,
            save_is_due: false,
            session,
            position,
            snapshot,
            inputs,
        }))
    }

    /// Whether all iterations are done.
    pub(crate) fn is_done(&self) -> bool {
        self.position.done >= self.session.config.niter
    }

    /// Copies the state that the guard would go back to.
    pub(crate) fn remember_if_due(&mut self) -> Result<()> {
        let Session { networks, log, .. } = &mut *self.session;
        if self.position.done.is_multiple_of(KEEP_EVERY) {
            let logs = log.flush()?;
            self.snapshot = self.position.guard.keep(networks, self.position.done, logs)?;
        }
        Ok(())
    }

    /// One iteration: its noise, its example, its rates, and the step, which a GPU replays.
    pub(crate) fn iterate(&mut self) -> Result<()> {
        let Session { config, first, networks, observer, pace, .. } = &mut *self.session;
        let (stage, iteration) = (self.position.stage, self.position.done);
        draw_noise(config, *first, stage, iteration, &self.fresh)?;
        let moment = Moment::training(config.seed, stage, iteration);
        if let Some(example) = first.example(&self.inputs.real, moment)? {
            self.inputs.replace_fixed(example)?;
        }
        let alphas = penalty_alphas(config, stage, iteration);
        let factor = config.rate_factor(iteration) * self.position.guard.factor;
        prepare(networks, &self.inputs, &alphas, factor, config)?;
        self.replay.run(|| step(networks, &self.inputs, config))?;
        if let Some(why) = self.replay.failure() {
            observer.notify(&Event::NotRecorded { stage, why: &why });
        }
        self.position.done = iteration + 1;
        self.control = observer.notify(&Event::Iteration { stage, done: self.position.done });
        self.save_is_due = self.control == Control::Stop || self.saved.elapsed() >= pace.checkpoint_every;
        Ok(())
    }

    /// Logs the losses that have arrived, and looks at samples. Where either shows that training has gone wrong, goes back
    /// once.
    pub(crate) fn collect_losses(&mut self) -> Result<()> {
        if let Some((iteration, collapse)) = self.log_losses()? {
            return self.go_back(iteration, collapse);
        }
        let Some(collapse) = self.look_at_samples()? else { return Ok(()) };
        if self.session.config.guard == GuardKind::All && !self.position.guard.tripped {
            return self.go_back(self.position.done, collapse);
        }
        let Session { log, observer, .. } = &mut *self.session;
        let (stage, iteration) = (self.position.stage, self.position.done);
        log.line(&Line::Collapsed { stage, iteration, reason: collapse.to_string() })?;
        observer.notify(&Event::Collapsed { stage, iteration, collapse });
        Ok(())
    }

    /// Logs the losses that have arrived, and returns the collapse that they show, with its iteration.
    fn log_losses(&mut self) -> Result<Option<(usize, Collapse)>> {
        let Session { config, pace, log, observer, .. } = &mut *self.session;
        let (stage, niter, done) = (self.position.stage, config.niter, self.position.done);
        let is_logged = |done: usize| (done - 1).is_multiple_of(pace.log_every) || done == niter;
        let is_checked = |done: usize| done.is_multiple_of(CHECK_EVERY) || done == niter;
        let asked = (is_logged(done) || is_checked(done)).then_some(done);
        let at_once = self.save_is_due || done.is_multiple_of(KEEP_EVERY) || done == niter;
        for (done, losses) in self.late.fetch(asked, at_once)? {
            if is_checked(done)
                && let Some(collapse) = Collapse::of_losses(&losses, config.lambda_grad)
            {
                return Ok(Some((done, collapse)));
            }
            if is_logged(done) {
                // A checkpoint could not be read with losses that are not finite; the guard sees them a little later.
                if losses.are_finite() {
                    self.position.losses = losses;
                }
                log.losses(stage, done, niter, &losses)?;
                observer.notify(&Event::Losses { stage, done, losses });
            }
        }
        Ok(None)
    }

    /// Returns the collapse that samples show, and at a stage's end the reconstruction. It is called before the
    /// state is copied that the guard would go back to.
    fn look_at_samples(&self) -> Result<Option<Collapse>> {
        let (done, niter) = (self.position.done, self.session.config.niter);
        if !guard::is_look_due(done, niter) {
            return Ok(None);
        }
        let sampling = Sampling {
            first: self.session.first,
            start_stage: 0,
            wrap: Wrap::default(),
            seed: self.session.config.seed,
        };
        let (model, real) = (&self.inputs.model, &self.inputs.real);
        let samples = (0..LOOKED_AT).map(|index| model.draw(sampling, index));
        let flat = guard::check_samples(real, &samples.collect::<Result<Vec<_>>>()?)?;
        if flat.is_some() || done < niter {
            return Ok(flat);
        }
        guard::check_reconstruction(real, &model.reconstruct(Wrap::default())?)
    }

    /// Goes back to the state that was kept, with lower rates from there on; fails the second time.
    fn go_back(&mut self, from: usize, collapse: Collapse) -> Result<()> {
        self.session.lock.check()?;
        let Session { networks, log, run, observer, .. } = &mut *self.session;
        let stage = self.position.stage;
        if self.position.guard.tripped {
            log.flush()?;
            return Err(Error::Collapsed { stage, iteration: from, collapse });
        }
        self.position.guard.go_back(networks, &self.snapshot)?;
        // The losses that have not arrived yet belong to an iteration that is discarded.
        self.late.fetch(None, true)?;
        log.flush()?;
        *log = Log::open(&run.dir, self.position.guard.logs)?;
        let to = self.position.guard.back_to;
        log.line(&Line::WentBack { stage, from, to, reason: collapse.to_string() })?;
        observer.notify(&Event::WentBack { stage, from, to, collapse });
        self.position.done = to;
        Ok(())
    }

    /// Writes a checkpoint if one is due, and says whether the observer wants to go on.
    pub(crate) fn save_if_due(&mut self) -> Result<Control> {
        if self.save_is_due {
            self.session.lock.check()?;
            let Session { networks, log, run, observer, .. } = &mut *self.session;
            self.position.seconds = self.seconds_before + self.begun.elapsed().as_secs_f64();
            self.position.logs = log.flush()?;
            self.position.steps = networks.steps();
            checkpoint::save(&run.dir, networks, &self.snapshot, &self.position)?;
            let Position { stage, done, .. } = self.position;
            observer.notify(&Event::Saved { stage, done });
            self.saved = Instant::now();
        }
        Ok(self.control)
    }

    /// Stores the stage, which counts as done as soon as `run.json` says so. Returns what the observer wants.
    pub(crate) fn finish(self) -> Result<Control> {
        // A run that was stopped after the stage's last iteration comes here without having looked.
        let collapsed = self.look_at_samples()?;
        let Session { networks, first, config, log, run, observer, lock, .. } = self.session;
        lock.check()?;
        let Position { stage, done, amps, losses, .. } = self.position;
        let seconds = self.seconds_before + self.begun.elapsed().as_secs_f64();
        let stored = run.store_stage(&self.inputs.model, &networks.discriminator, *first);
        stored.map_err(|e| match e {
            Error::Picture(pyramid::Error::Samples { .. }) => Error::Diverged { stage, iteration: done },
            e => e,
        })?;
        let is_last = stage + 1 == config.train_stages;
        log.line(&Line::StageDone { stage, seconds, time: now() })?;
        if is_last {
            log.line(&Line::Done { time: now() })?;
        }
        run.info.stages_done = stage + 1;
        run.info.amps = amps;
        run.info.seconds.push(seconds);
        run.info.losses.push(losses);
        run.info.collapsed.extend(collapsed.map(|_| stage));
        run.info.logs = log.flush()?;
        lock.check()?;
        run.save_info()?;
        run.remove_checkpoint()?;
        let control = observer.notify(&Event::StageFinished { stage, seconds, sheet: &run.sheet(stage) });
        // After the last stage there is nothing left to stop.
        Ok(if is_last { Control::Continue } else { control })
    }
}

/// Notifies the observer that a stage begins or is resumed. The log has this only once: a fine-tuning run
/// begins with a checkpoint at iteration 0, and so may a run that was stopped just after the guard went back.
fn announce(session: &mut Session<'_>, position: &Position) -> Result<()> {
    let stage = position.stage;
    let (size, amp) = (session.run.info.sizes[stage], position.amps[stage]);
    if position.done == 0 && !position.guard.tripped {
        session.log.line(&Line::Stage { stage, size, amp, time: now() })?;
    }
    session.observer.notify(&Event::StageStarted { stage, size, amp });
    Ok(())
}
