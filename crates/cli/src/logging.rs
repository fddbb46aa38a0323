//! Log lines on standard error.

use crate::output::plain;
use crate::progress::{above_bars, hide_bars};
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::debug_fn;

/// Starts logging: what happens, or more with `-v`, or only errors with `-q`; RUST_LOG wins over both.
pub(crate) fn start_logging(verbose: u8, quiet: bool) {
    let default = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "info",
        (_, 1) => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // Messages name files, whose names can contain line breaks and commands to a terminal.
    let fields = debug_fn(|writer, field, value| {
        let text = plain(&format!("{value:?}"));
        if field.name() == "message" { write!(writer, "{text}") } else { write!(writer, "{field}={text}") }
    });
    let subscriber = tracing_subscriber::fmt().fmt_fields(fields.delimited(" "));
    let plain = subscriber.with_env_filter(filter).with_writer(|| AboveBars);
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
