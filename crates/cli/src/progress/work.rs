//! Progress of work other than training: a bar on a terminal, nothing elsewhere.

use super::Bar;
use crate::signals::Interrupt;
use consingan::{Control, Event, Observer, Work};

/// Shows the progress of some work, and stops it when a signal has come.
pub(crate) struct WorkShown<'a> {
    stop: &'a Interrupt,
    bar: Bar,
}

impl<'a> WorkShown<'a> {
    /// Shows work that `stop` stops.
    pub(crate) fn new(stop: &'a Interrupt) -> Self {
        Self { stop, bar: Bar::new(0) }
    }
}

impl Observer for WorkShown<'_> {
    fn notify(&mut self, event: &Event<'_>) -> Control {
        if let Event::Progress { what, done, total } = *event {
            self.bar.set_total(total);
            self.bar.set(done);
            if let Work::Dehazing { stage, stages, loss } = what {
                self.bar.set_label(&format!("stage {stage}/{}", stages - 1));
                self.bar.set_note(format!("loss {loss:.5}"));
            }
        }
        self.stop.wanted()
    }
}
