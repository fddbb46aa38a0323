//! Progress of long work: a bar on a terminal, log lines elsewhere.

mod bar;
mod training;
mod work;

pub(crate) use bar::{Bar, above_bars, hide_bars};
pub(crate) use training::{print_event, train_shown};
pub(crate) use work::WorkShown;
