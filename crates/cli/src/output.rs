//! Results on standard output, errors on standard error.

use std::io::{self, Write};

pub(crate) use consingan::duration;

/// Writes a line to standard output. If the reader has gone away (`| head`), the program ends quietly, as
/// others do.
pub(crate) fn line(text: &str) {
    if let Err(e) = writeln!(io::stdout().lock(), "{text}") {
        if e.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        tracing::warn!("cannot write to standard output: {e}");
    }
}

/// A number with its noun: `1 sample`, `16 samples`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Prints the error in one line and the hint in another, on standard error.
pub(crate) fn tell_error(what: &str, hint: Option<&str>) {
    // File names can contain anything, including line breaks and terminal commands.
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mut err = io::stderr().lock();
    // Nothing can be reported if this fails.
    let _ = writeln!(err, "error: {}", plain(what));
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {}", plain(hint));
    }
}
