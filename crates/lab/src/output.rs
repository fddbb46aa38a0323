//! Results on standard output, everything else on standard error.

use std::io::{self, Write};

/// Writes a line to standard output. A reader that went away (`| head`) ends the program quietly, as it does
/// others.
pub(crate) fn line(text: &str) {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => say(&format!("cannot write to standard output: {e}")),
        Ok(()) => {}
    }
}

/// Writes a line to standard error.
pub(crate) fn say(text: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
