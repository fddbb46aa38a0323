//! The exit statuses of the program. docs/usage.md has the table.

use std::process::ExitCode;

/// A fault of the program itself.
pub(crate) const FAULT: u8 = 1;

/// Something is wrong with what was given: the command line, a file, a place for results.
pub(crate) const INPUT: u8 = 2;

/// Training is complete and has collapsed: samples are blank.
pub(crate) const BLANK: u8 = 3;

/// A signal stopped the work: 128 and the number of SIGINT, as shells have it.
pub(crate) const STOPPED: u8 = 130;

/// The reader of standard output went away before the whole result was printed: 128 and the number of SIGPIPE, as
/// shells show it for programs that this signal ends.
pub(crate) const UNREAD: u8 = 141;

/// The exit code of a command that a signal stopped.
pub(crate) fn stopped() -> ExitCode {
    ExitCode::from(STOPPED)
}
