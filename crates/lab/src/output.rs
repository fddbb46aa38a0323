//! Results on standard output, everything else on standard error.

use std::io::{self, Write};

/// Writes a line to standard output. If the reader has gone away (`| head`), the program ends quietly, as
/// others do.
pub(crate) fn line(text: &str) {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => say(&format!("cannot write to standard output: {e}")),
        Ok(()) => {}
    }
}

/// Writes a line to standard error.
pub(crate) fn say(text: &str) {
    // Nothing can be reported if this fails.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
