//! Printing of errors: `error: ...` in one line, at most one line `hint: ...`, and the exit status.

use crate::advice::{self, Flags};
use crate::output::{self, Unprinted, tell_error};
use crate::status::{FAULT, INPUT, UNREAD};
use anyhow::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::process::ExitCode;

/// What the program prints about an error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Whether it is a fault of this program.
    pub(crate) internal: bool,
}

/// What the program prints about `error` of a command that has these `flags`.
pub(crate) fn told(error: &Error, flags: &Flags) -> Told {
    let internal = advice::is_internal(error);
    let hint = if internal { None } else { advice::hint(error, flags) };
    Told { what: message(error), hint, internal }
}

/// Joins the messages of an error and of its causes.
fn message(error: &Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many errors repeat the message of their cause.
        if !message.contains(&cause) {
            message = if message.is_empty() { cause } else { format!("{message}: {cause}") };
        }
    }
    message
}

/// Prints an error and returns the exit status. A reader of standard output that went away has seen enough, and is told
/// nothing.
pub(crate) fn report(error: &Error, flags: &Flags) -> ExitCode {
    if error.downcast_ref().is_some_and(Unprinted::is_unread) {
        return ExitCode::from(UNREAD);
    }
    let told = told(error, flags);
    tell_error(&told.what, told.hint.as_deref());
    ExitCode::from(if told.internal { FAULT } else { INPUT })
}

/// Prints an error of the command line in the same two lines. Help and version are printed as clap formats
/// them.
pub(crate) fn usage(error: &clap::Error, flags: &Flags) -> ExitCode {
    let help = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if help.contains(&error.kind()) {
        return match output::help(error) {
            _ if error.use_stderr() => ExitCode::from(INPUT),
            Ok(()) => ExitCode::SUCCESS,
            Err(unprinted) => report(&unprinted.into(), flags),
        };
    }
    // The message, over some lines; after it, each set off by an empty line, tips, the usage, and where help is.
    let text = error.render().to_string();
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    let rest: Vec<String> = parts.collect();
    let with = |kind| rest.iter().find_map(|part| part.strip_prefix(kind));
    let hint = if let (ErrorKind::UnknownArgument, Some(ContextValue::String(wrong))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    {
        // clap's tips are spellings that help hides, and `-- --flag`, which would be a file of that name.
        flags
            .nearest(wrong.trim_start_matches('-'))
            .map(|near| format!("a similar argument exists: '--{near}'"))
            .or_else(|| {
                with("tip: ")
                    .filter(|tip| tip.contains("exists") && !tip.contains("similar"))
                    .map(String::from)
            })
    } else {
        with("tip: ").map(String::from).or_else(|| with("Usage: ").map(|line| format!("usage: {line}")))
    };
    let hint = hint.as_deref().unwrap_or("--help says what each flag takes");
    tell_error(message.trim_start_matches("error: "), Some(hint));
    ExitCode::from(INPUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_front_door_have_the_hint_of_the_error_underneath() {
        let missing = || pyramid::Error::NotFound { name: "a.png".into() };
        let told_of = |error: consingan::Error| told(&error.into(), &Flags::default());
        let expected =
            Told { what: "a.png: no such file".into(), hint: Some("check the path".into()), internal: false };
        assert_eq!(told_of(missing().into()), expected);
        assert_eq!(told_of(tasks::Error::from(train::Error::from(missing())).into()), expected);
        let broken = candle_core::Error::Msg("shape; mismatch".into());
        assert!(told_of(train::Error::from(broken).into()).internal);
    }
}
