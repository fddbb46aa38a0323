//! What people and scripts see: log lines and errors on stderr, results on stdout.

use anyhow::Error;
use indicatif::MultiProgress;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::LazyLock;
use tracing_subscriber::EnvFilter;

/// Progress bars; log lines go above them.
pub(crate) static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Starts logging to stderr: what happens, or more with `-v`, or only errors with `-q`; RUST_LOG wins.
pub(crate) fn start_logging(verbose: u8, quiet: bool) {
    let default = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "info",
        (_, 1) => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let plain = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| AboveBars);
    let builder = plain.with_target(verbose > 0).with_ansi(io::stderr().is_terminal());
    if io::stderr().is_terminal() { builder.without_time().init() } else { builder.init() }
}

/// Writes to stderr without tearing a progress bar.
struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes a line to stdout. A reader that went away (`| head`) ends the program quietly, as it does others.
pub(crate) fn line(text: &str) {
    if let Err(e) = writeln!(io::stdout().lock(), "{text}") {
        if e.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        tracing::warn!("cannot write to standard output: {e}");
    }
}

/// Tells an error in one line and, where the message has a part behind "; ", a hint. Exit status 2: something is wrong with
/// what was given; 1: with this program.
pub(crate) fn report(error: &Error) -> ExitCode {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Errors that wrap another often repeat it.
        if !message.contains(&cause) {
            message = if message.is_empty() { cause } else { format!("{message}: {cause}") };
        }
    }
    let message = message.replace('\n', " ");
    let ours = error.chain().any(|e| e.is::<candle_core::Error>());
    let mut err = io::stderr().lock();
    // Nobody is left to tell if this fails.
    let _ = match message.split_once("; ") {
        Some((what, hint)) if !ours => writeln!(err, "error: {what}\nhint: {hint}"),
        _ => writeln!(err, "error: {message}"),
    };
    ExitCode::from(if ours { 1 } else { 2 })
}

/// Seconds as people say them.
pub(crate) fn duration(seconds: f64) -> String {
    let s = seconds.round() as u64;
    match s {
        0..=59 => format!("{s} s"),
        60..=3599 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
    }
}
