//! Training with its events shown: a progress bar on a terminal, plain log lines elsewhere, JSON lines for scripts.

use super::Bar;
use crate::blank;
use crate::output::{duration, json_line};
use crate::signals::Interrupt;
use anyhow::Result;
use consingan::{Control, Event, Losses, Observer, Outcome, Run, iteration_cost};
use std::time::{Duration, Instant};

/// Trains `run` until it is finished or `stop` stops it. With `json`, every event is a line on standard output, for as
/// long as that can be written to: hours of training do not end because nobody reads about them.
///
/// # Errors
/// As [`Run::train`].
pub(crate) fn train_shown(run: &mut Run, stop: &Interrupt, json: bool) -> Result<Outcome> {
    let mut shown = Shown::new(run, stop, json);
    let outcome = run.train(&mut shown)?;
    if shown.json && outcome == Outcome::Finished {
        print_event(&blank::done(run));
    }
    Ok(outcome)
}

/// Prints an event as a line of JSON. Returns whether others can be printed after it.
pub(crate) fn print_event(event: &serde_json::Value) -> bool {
    let printed = json_line(event);
    if let Err(unprinted) = &printed
        && !unprinted.is_unread()
    {
        tracing::warn!("{unprinted}; training is not affected");
    }
    printed.is_ok()
}

/// Without a terminal, a log line this often.
const EVERY: Duration = Duration::from_secs(10);

/// The observer of a training run.
struct Shown<'a> {
    stop: &'a Interrupt,
    /// Whether events are printed as JSON.
    json: bool,
    bar: Bar,
    niter: usize,
    /// Cost of an iteration of each stage.
    costs: Vec<f64>,
    /// The last losses of this stage.
    losses: Option<Losses>,
    /// When the current iterations began, and how many were done then.
    since: (Instant, usize),
    /// When the last log line about iterations was written.
    logged: Instant,
}

impl<'a> Shown<'a> {
    fn new(run: &Run, stop: &'a Interrupt, json: bool) -> Self {
        let (sizes, config) = (&run.info().sizes, run.config());
        Self {
            stop,
            json,
            bar: Bar::new(config.niter),
            niter: config.niter,
            costs: (0..sizes.len()).map(|k| iteration_cost(config, &sizes[..=k])).collect(),
            losses: None,
            since: (Instant::now(), 0),
            logged: Instant::now(),
        }
    }

    /// Iterations a second in this stage, and seconds to the end of the run.
    fn speed(&self, stage: usize, done: usize) -> (f64, f64) {
        let seconds = self.since.0.elapsed().as_secs_f64();
        let count = (done - self.since.1).max(1) as f64;
        let each = seconds / count;
        // Small stages cost more per pixel than large ones, so later stages are estimated from the cost per
        // pixel of this one.
        let rate = each / self.costs[stage];
        let later: f64 = self.costs[stage + 1..].iter().map(|c| c * rate * self.niter as f64).sum();
        (1.0 / each.max(1e-9), each * (self.niter - done) as f64 + later)
    }

    fn iteration(&mut self, stage: usize, done: usize) {
        if !self.bar.is_shown() && self.logged.elapsed() < EVERY {
            return;
        }
        let (per_second, left) = self.speed(stage, done);
        let mut text = format!("{per_second:.1} it/s, {} left", duration(left));
        if let Some(losses) = self.losses {
            let Losses { d_real, d_fake, gradient_penalty: penalty, g_adversarial, reconstruction } = losses;
            let critic = d_fake - d_real;
            text += &format!(
                ", D {critic:.3} (penalty {penalty:.3}), G {g_adversarial:.3}, rec {reconstruction:.3}"
            );
        }
        if self.bar.is_shown() {
            self.bar.set(done);
            self.bar.set_note(text);
        } else {
            self.logged = Instant::now();
            tracing::info!("stage {stage} of {}: {done}/{} {text}", self.costs.len(), self.niter);
        }
    }
}

impl Observer for Shown<'_> {
    fn notify(&mut self, event: &Event<'_>) -> Control {
        if self.json
            && let Some(value) = json(event)
        {
            self.json = print_event(&value);
        }
        match *event {
            Event::Resumed { stage, iteration } => {
                tracing::info!("going on at stage {stage}, iteration {iteration}");
                self.since.1 = iteration;
            }
            Event::StageStarted { stage, size: (h, w), amp } => {
                self.since.0 = Instant::now();
                self.losses = None;
                self.bar.set_label(&format!("stage {stage}/{}", self.costs.len() - 1));
                tracing::debug!("stage {stage}: {h}x{w}, noise amplitude {amp:.4}");
            }
            Event::Iteration { stage, done } => self.iteration(stage, done),
            Event::Losses { losses, .. } => self.losses = Some(losses),
            Event::NotRecorded { stage, why } => {
                tracing::warn!(
                    "stage {stage} runs without a CUDA graph, which is slower and changes nothing else: {why}"
                );
            }
            Event::Saved { stage, done } => tracing::debug!("saved at stage {stage}, iteration {done}"),
            Event::WentBack { stage, from, to, collapse } => {
                tracing::warn!(
                    "stage {stage}, iteration {from}: {collapse}; going back to iteration {to} with lower rates"
                );
                self.since = (Instant::now(), to);
            }
            Event::Collapsed { stage, iteration, collapse } => {
                tracing::warn!("stage {stage}, iteration {iteration}: {collapse}");
            }
            Event::StageFinished { stage, seconds, sheet } => {
                tracing::info!("stage {stage} done in {}: {}", duration(seconds), sheet.display());
                self.since = (Instant::now(), 0);
            }
            Event::Finished | Event::Progress { .. } => {}
        }
        self.stop.wanted()
    }
}

/// An event as JSON; `None` where scripts have no use for it.
fn json(event: &Event<'_>) -> Option<serde_json::Value> {
    Some(match event {
        Event::Resumed { stage, iteration } => {
            serde_json::json!({"event": "resumed", "stage": stage, "iteration": iteration})
        }
        Event::StageStarted { stage, size, amp } => {
            serde_json::json!({"event": "stage", "stage": stage, "size": size, "amp": amp})
        }
        Event::Losses { stage, done, losses } => {
            let mut value = serde_json::json!({"event": "iteration", "stage": stage, "iteration": done});
            for (name, loss) in losses.named() {
                value[name] = loss.into();
            }
            value
        }
        // The end is told when it is known whether the samples are blank.
        Event::Iteration { .. } | Event::Progress { .. } | Event::Finished => return None,
        Event::NotRecorded { stage, why } => {
            serde_json::json!({"event": "not-recorded", "stage": stage, "reason": why})
        }
        Event::Saved { stage, done } => {
            serde_json::json!({"event": "saved", "stage": stage, "iteration": done})
        }
        Event::WentBack { stage, from, to, collapse } => serde_json::json!({
            "event": "went-back", "stage": stage, "from": from, "to": to, "reason": collapse.to_string(),
        }),
        Event::Collapsed { stage, iteration, collapse } => serde_json::json!({
            "event": "collapsed", "stage": stage, "iteration": iteration, "reason": collapse.to_string(),
        }),
        Event::StageFinished { stage, seconds, sheet } => {
            serde_json::json!({"event": "stage-done", "stage": stage, "seconds": seconds, "sheet": sheet.to_string_lossy()})
        }
    })
}
