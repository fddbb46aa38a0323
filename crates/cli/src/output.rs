//! What people and scripts see: log lines and errors on stderr, results on stdout.

use anyhow::Error;
use clap::error::ErrorKind;
use indicatif::{MultiProgress, ProgressDrawTarget};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::LazyLock;
use tracing_subscriber::EnvFilter;

pub(crate) use report::duration;

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
    let terminal = io::stderr().is_terminal();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let builder = plain.with_target(verbose > 0).with_ansi(colours);
    if quiet {
        BARS.set_draw_target(ProgressDrawTarget::hidden());
    }
    if terminal { builder.without_time().init() } else { builder.init() }
}

/// Writes to stderr without tearing a progress bar. A reader that went away must not end hours of training.
struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = BARS.suspend(|| io::stderr().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

/// Tells an error in one line and, where the message has a part behind its last "; ", a hint. Exit status 2: something is wrong with
/// what was given; 1: with this program.
pub(crate) fn report(error: &Error) -> ExitCode {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Errors that wrap another often repeat it.
        if !message.contains(&cause) {
            message = if message.is_empty() { cause } else { format!("{message}: {cause}") };
        }
    }
    let ours = is_ours(error);
    match message.rsplit_once("; ") {
        Some((what, hint)) if !ours => tell(what, Some(hint)),
        _ => tell(&message, None),
    }
    ExitCode::from(if ours { 1 } else { 2 })
}

/// Tells what is wrong with the command line in the same two lines; help and version are clap's.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let help = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if help.contains(&error.kind()) {
        // As below.
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    }
    // The message, over some lines; then, behind an empty line each, tips, the usage, and where help is.
    let text = error.render().to_string();
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    let rest: Vec<String> = parts.collect();
    let hint = ["tip: ", "Usage: "].iter().find_map(|kind| {
        let line = rest.iter().find_map(|part| part.strip_prefix(kind))?;
        Some(if *kind == "tip: " { line.to_string() } else { format!("usage: {line}") })
    });
    tell(
        message.trim_start_matches("error: "),
        Some(hint.as_deref().unwrap_or("--help says what each flag takes")),
    );
    ExitCode::from(2)
}

fn tell(what: &str, hint: Option<&str>) {
    // Names of files may hold anything, line breaks and a terminal's commands included.
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mut err = io::stderr().lock();
    // Nobody is left to tell if this fails.
    let _ = writeln!(err, "error: {}", plain(what));
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {}", plain(hint));
    }
}

/// Whether a tensor operation failed: what was given has been checked before it comes to those.
fn is_ours(error: &Error) -> bool {
    let train = |e: &train::Error| {
        matches!(e, train::Error::Tensor(_) | train::Error::Model(model::Error::Tensor(_)))
    };
    error.chain().any(|e| {
        e.is::<candle_core::Error>()
            || matches!(e.downcast_ref(), Some(model::Error::Tensor(_)))
            || e.downcast_ref().is_some_and(train)
            || match e.downcast_ref() {
                Some(tasks::Error::Train(e)) => train(e),
                Some(tasks::Error::Tensor(_) | tasks::Error::Model(model::Error::Tensor(_))) => true,
                _ => false,
            }
    })
}
