//! Log lines on standard error.

use crate::progress::{above_bars, hide_bars};
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Starts logging: what happens, or more with `-v`, or only errors with `-q`; RUST_LOG wins over both.
pub(crate) fn start_logging(verbose: u8, quiet: bool) {
    let default = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "info",
        (_, 1) => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let plain = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| AboveBars);
    let terminal = io::stderr().is_terminal();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let builder = plain.with_target(verbose > 0).with_ansi(colours);
    if quiet {
        hide_bars();
    }
    if terminal { builder.without_time().init() } else { builder.init() }
}

/// Writes to standard error without tearing a progress bar. A reader that has gone away must not end hours of
/// training.
struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = above_bars(|| io::stderr().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
