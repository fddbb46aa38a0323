//! Ctrl-C and SIGTERM.

use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Exit status of a command that a signal stopped: 128 and the number of SIGINT, as shells have it.
pub(crate) const STOPPED: u8 = 130;

/// A flag that Ctrl-C and SIGTERM set; a second signal ends the program at once.
///
/// # Errors
/// Where the system takes no handler.
pub(crate) fn stop_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop))
            .context("signals")?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("signals")?;
    }
    Ok(stop)
}
