//! Ctrl-C, SIGTERM, and SIGHUP, which a terminal that is closed sends.

use anyhow::{Context, Result};
use consingan::Control;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
const SIGNALS: &[i32] =
    &[signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: &[i32] = &[signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];

/// Exit status of a command that a signal stopped: 128 and the number of SIGINT, as shells have it.
const STOPPED: u8 = 130;

/// The exit code of a command that a signal stopped.
pub(crate) fn stopped() -> ExitCode {
    ExitCode::from(STOPPED)
}

/// Whether a signal has asked the program to end. A command that takes long looks at it between two parts of
/// its work.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to these signals from here on; a second signal ends the program at once.
    ///
    /// # Errors
    /// Where the system accepts no handler.
    pub(crate) fn listen() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for &signal in SIGNALS {
            signal_hook::flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop))
                .context("signals")?;
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("signals")?;
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
