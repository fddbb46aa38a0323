//! Progress of work other than training: a bar on a terminal, log lines elsewhere, and how long it takes.

use super::Bar;
use crate::output::duration;
use crate::signals::Interrupt;
use consingan::{Control, Event, Observer, Work};
use std::time::{Duration, Instant};

/// The time after which it is told how long the work takes.
const SLICE: Duration = Duration::from_secs(3);

/// Work of which less is left than this is done soon, so that nothing is told about it.
const SOON: Duration = Duration::from_secs(10);

/// Without a terminal, a log line at most this often, and at most one for each tenth of the work.
const EVERY: Duration = Duration::from_secs(30);

/// Shows the progress of some work, and stops it when a signal has come.
pub(crate) struct WorkShown<'a> {
    stop: &'a Interrupt,
    bar: Bar,
    /// What is told when the first part is done, before which the work can still be refused.
    announced: Option<String>,
    phase: Option<Phase>,
    /// When the last part was done, or the work began.
    last: Instant,
}

/// Work of one kind.
struct Phase {
    name: &'static str,
    begun: Instant,
    /// When the first part was done, and its share. It takes longer than others, because of what is prepared before it.
    first: (Instant, f64),
    /// When something was last told, and the share that was done then.
    told: Option<(Instant, f64)>,
}

impl<'a> WorkShown<'a> {
    /// Shows work that `stop` stops.
    pub(crate) fn new(stop: &'a Interrupt) -> Self {
        Self { stop, bar: Bar::new(0), announced: None, phase: None, last: Instant::now() }
    }

    /// The same, with a line that says what comes.
    pub(crate) fn announced(self, what: String) -> Self {
        Self { announced: Some(what), ..self }
    }

    fn show(&mut self, what: Work, done: usize, total: usize) {
        if let Some(announced) = self.announced.take() {
            tracing::info!("{announced}");
        }
        let now = Instant::now();
        let begun = std::mem::replace(&mut self.last, now);
        let (name, share) = (name(what), share(what, done, total));
        let phase = match &mut self.phase {
            Some(phase) if phase.name == name => phase,
            phase => phase.insert(Phase { name, begun, first: (now, share), told: None }),
        };
        let (since, before) = if share > phase.first.1 { phase.first } else { (phase.begun, 0.0) };
        let left = (now - since).mul_f64((1.0 - share).max(0.0) / (share - before).max(1e-9));
        let stage = match what {
            Work::Dehazing { stage, stages, .. } => format!(", stage {stage}/{}", stages - 1),
            _ => String::new(),
        };
        self.bar.set_total(total);
        self.bar.set(done);
        self.bar.set_label(&format!("{name}{stage}"));
        self.bar.set_note(format!("{} left", duration(left.as_secs_f64())));
        let tell = match phase.told {
            None => now - phase.begun >= SLICE && left >= SOON,
            Some((at, then)) => !self.bar.is_shown() && now - at >= EVERY && share - then >= 0.1,
        };
        if tell {
            phase.told = Some((now, share));
            tracing::info!("{name}{stage}: {done}/{total}, about {} left", duration(left.as_secs_f64()));
        }
    }
}

impl Observer for WorkShown<'_> {
    fn notify(&mut self, event: &Event<'_>) -> Control {
        if let Event::Progress { what, done, total } = *event {
            self.show(what, done, total);
        }
        self.stop.wanted()
    }
}

fn name(what: Work) -> &'static str {
    match what {
        Work::Drawing => "drawing",
        Work::Strips => "drawing in strips",
        Work::Scoring => "scoring",
        Work::Frames => "frames",
        Work::LearningToEnlarge { .. } => "learning to enlarge",
        Work::Enlarging => "enlarging",
        Work::Dehazing { .. } => "dehazing",
        Work::Retouching => "retouching",
    }
}

/// The share of the work that is done, above 0, to 1.
fn share(what: Work, done: usize, total: usize) -> f64 {
    match what {
        Work::Dehazing { share, .. } | Work::LearningToEnlarge { share, .. } => share,
        _ => done as f64 / total.max(1) as f64,
    }
}
