//! What everything that takes long tells while it goes on. The libraries never print: an observer shows
//! events, and can stop the work. Training a run has most of the events; all other work, in the crates above
//! this one, has [`Event::Progress`].

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
    /// A stage has collapsed, and nothing is done about it: the guard does not act on it, or went back already.
    /// Training goes on to its end; [`crate::RunInfo::is_blank`] tells whether it recovered.
    Collapsed {
        /// The stage.
        stage: usize,
        /// The iteration in which it was seen.
        iteration: usize,
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
    /// A part of some work is done that is not the training of a run.
    Progress {
        /// The work.
        what: Work,
        /// Parts that are done, from 1.
        done: usize,
        /// The number of parts in all.
        total: usize,
    },
}

/// Work of which [`Event::Progress`] tells, and what a part of it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// Pictures are drawn.
    Drawing,
    /// A picture that is too large for memory as a whole is drawn in strips, in rows of all passes over it.
    Strips,
    /// Pictures are compared with the training picture.
    Scoring,
    /// Frames of an animation are drawn and written.
    Frames,
    /// A small network learns to enlarge a picture, in iterations.
    LearningToEnlarge {
        /// Mean squared error of the last iteration.
        loss: f32,
        /// The share of the whole work that is done, estimated, above 0, to 1. The enlargement of the picture, which comes
        /// after it, is part of the whole.
        share: f64,
    },
    /// A picture is enlarged, in strips of a network's passes over it.
    Enlarging,
    /// A network learns to take haze away, in iterations of a stage.
    Dehazing {
        /// The stage.
        stage: usize,
        /// How many stages there are.
        stages: usize,
        /// Loss of the last iteration.
        loss: f32,
        /// The share of the work of all stages that is done, estimated from their sizes, above 0, to 1.
        share: f64,
    },
    /// A picture that was changed by hand is retouched, in steps of different length.
    Retouching,
}

/// What the observer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop: a run that is trained is saved and can be gone on with, other work leaves nothing.
    Stop,
}

/// Receives the events of work that takes long.
pub trait Observer {
    /// Called for every event, in order; what it returns is heeded after [`Event::Iteration`],
    /// [`Event::StageFinished`] and [`Event::Progress`].
    fn notify(&mut self, event: &Event<'_>) -> Control;

    /// Tells of progress; for those who do the work.
    ///
    /// # Errors
    /// [`Stopped`] where the observer wants no more of it.
    fn progress(&mut self, what: Work, done: usize, total: usize) -> Result<(), Stopped> {
        match self.notify(&Event::Progress { what, done, total }) {
            Control::Continue => Ok(()),
            Control::Stop => Err(Stopped),
        }
    }
}

impl<F: FnMut(&Event<'_>) -> Control> Observer for F {
    fn notify(&mut self, event: &Event<'_>) -> Control {
        self(event)
    }
}

/// The observer that shows nothing and never stops anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notify(&mut self, _: &Event<'_>) -> Control {
        Control::Continue
    }
}

/// The observer stopped the work. Nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped")]
pub struct Stopped;
