//! What a training run tells while it goes on. This crate never prints: an observer shows events, and can stop the run.

use crate::{Collapse, Losses};
use std::path::Path;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run goes on from a checkpoint, or from the end of a stage (iteration 0).
    Resumed {
        /// The stage that is trained next.
        stage: usize,
        /// The iteration that is done next.
        iteration: usize,
    },
    /// A stage begins (or goes on).
    StageStarted {
        /// The stage.
        stage: usize,
        /// Height and width.
        size: (usize, usize),
        /// Its noise amplitude.
        amp: f64,
    },
    /// An iteration is done.
    Iteration {
        /// The stage.
        stage: usize,
        /// Which iteration, from 1. A GPU may still be computing earlier ones: this one is queued.
        done: usize,
    },
    /// An iteration's losses have arrived and are logged, after its [`Event::Iteration`] or the next one.
    Losses {
        /// The stage.
        stage: usize,
        /// Which iteration, from 1.
        done: usize,
        /// The losses.
        losses: Losses,
    },
    /// A GPU could not record the iteration to replay it; the stage goes on step by step, slower.
    NotRecorded {
        /// The stage.
        stage: usize,
        /// Why.
        why: &'a str,
    },
    /// A checkpoint was written.
    Saved {
        /// The stage.
        stage: usize,
        /// Iterations of it that are done.
        done: usize,
    },
    /// The collapse guard went back; the rates are lower from here on. Iterations after `to` are void.
    WentBack {
        /// The stage.
        stage: usize,
        /// The iteration in which it was seen.
        from: usize,
        /// Iterations that are done in the state it went back to.
        to: usize,
        /// What was seen.
        collapse: Collapse,
    },
    /// A stage is done and stored.
    StageFinished {
        /// The stage.
        stage: usize,
        /// Seconds that it took.
        seconds: f64,
        /// Its sheet: the picture, then samples.
        sheet: &'a Path,
    },
    /// All stages are done.
    Finished,
}

/// What the observer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Save a checkpoint and return.
    Stop,
}

/// Receives the events of a run.
pub trait Observer {
    /// Called for every event, in order; what it returns is heeded after [`Event::Iteration`] and
    /// [`Event::StageFinished`].
    fn notify(&mut self, event: &Event<'_>) -> Control;
}

impl<F: FnMut(&Event<'_>) -> Control> Observer for F {
    fn notify(&mut self, event: &Event<'_>) -> Control {
        self(event)
    }
}
