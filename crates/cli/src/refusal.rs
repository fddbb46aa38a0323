//! Errors of the program itself.

use std::fmt;

/// Input that cannot be used, with a hint.
#[derive(Debug)]
pub(crate) struct Refusal {
    what: String,
    /// What to do about it.
    pub(crate) hint: String,
}

/// The error that says `what` is wrong, and `hint` in a line of its own.
pub(crate) fn refusal(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Refusal { what: what.into(), hint: hint.into() }.into()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refusal {}
