//! Ctrl-C, SIGTERM, and SIGHUP, which a terminal sends when it is closed.

use crate::status::STOPPED;
use anyhow::{Context, Result};
use consingan::Control;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a signal has asked the program to end. A command that takes long looks at it between two parts of
/// its work.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to Ctrl-C, SIGTERM and SIGHUP from here on; a second signal ends the program at once.
    ///
    /// # Errors
    /// Where the system accepts no handler.
    pub(crate) fn listen() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [Some(SIGINT), Some(SIGTERM), hangup()].into_iter().flatten() {
            flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop))
                .context("signals")?;
            flag::register(signal, Arc::clone(&stop)).context("signals")?;
        }
        Ok(Self(stop))
    }

    /// Whether a signal has come.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The control that an observer returns.
    pub(crate) fn wanted(&self) -> Control {
        if self.is_set() { Control::Stop } else { Control::Continue }
    }
}

/// SIGHUP, unless the program was told to ignore it (`nohup`): a handler would undo that.
#[cfg(unix)]
fn hangup() -> Option<i32> {
    use signal_hook::consts::SIGHUP;
    use std::io::IsTerminal;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = match ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
        Some(mask) => mask >> (SIGHUP - 1) & 1 == 1,
        // Only Linux tells. What nohup starts writes to no terminal.
        None => !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal(),
    };
    (!ignored).then_some(SIGHUP)
}

#[cfg(not(unix))]
fn hangup() -> Option<i32> {
    None
}
