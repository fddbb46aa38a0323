//! Advice that stands in a message behind its last "; ". The errors of `train` and `model` have it there until
//! their variants have fields for it.
//!
//! This file is the last to be removed: with it go `Advice::InMessage`, and the call of [`split`] in `errors.rs`.

use super::Cause;
use anyhow::Error;

/// Parts the message of `error` into what is wrong and what to do about it.
pub(crate) fn split(error: &Error, message: String) -> (String, Option<String>) {
    if !error.chain().any(carries_advice) {
        return (message, None);
    }
    match message.rsplit_once("; ") {
        Some((what, hint)) => (what.into(), Some(hint.into())),
        None => (message, None),
    }
}

fn carries_advice(cause: Cause<'_>) -> bool {
    let of_train = |e: &train::Error| !matches!(e, train::Error::Picture(_));
    let of_tasks = |e: &tasks::Error| match e {
        tasks::Error::Train(e) => of_train(e),
        tasks::Error::Model(_) => true,
        _ => false,
    };
    cause.downcast_ref().and_then(consingan::Error::underneath).is_some_and(carries_advice)
        || cause.is::<model::Error>()
        || cause.downcast_ref().is_some_and(of_train)
        || cause.downcast_ref().is_some_and(of_tasks)
}
