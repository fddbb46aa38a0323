//! What to do about an error. The libraries state facts, as types with fields; the program knows which flags and
//! commands its user has. One function for each library's errors, in `files.rs`, `pictures.rs`, `runs.rs` and `results.rs`.
//! What the flags of the official programs are here is in `official.rs`.

mod files;
mod flags;
mod instead;
mod keys;
mod nearest;
mod official;
mod pasted;
mod pictures;
mod results;
mod runs;
mod said;

pub(crate) use flags::Flags;
pub(crate) use keys::understand_keys;
pub(crate) use pasted::understand;

use crate::output::Unprinted;
use crate::refusal::Refusal;

/// The hint on an error: that of the first of the error and its causes for which there is one.
pub(crate) fn hint(error: &anyhow::Error, flags: &Flags) -> Option<String> {
    error.chain().find_map(|cause| of_cause(cause, flags))
}

/// Whether an error, or a cause of it, is a fault of the program: there is nothing that its user could do.
pub(crate) fn is_internal(error: &anyhow::Error) -> bool {
    error.chain().any(is_fault)
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The types of errors that have hints, one per line.
fn of_cause(cause: Cause<'_>, flags: &Flags) -> Option<String> {
    None.or_else(|| cause.downcast_ref().map(|e: &Refusal| Some(e.hint.clone())))
        .or_else(|| cause.downcast_ref().map(|_: &Unprinted| Some(files::PRINTED.into())))
        .or_else(|| cause.downcast_ref().map(|e: &consingan::Error| of_cause(e.underneath()?, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &tasks::Error| results::tasks(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &upscale::Error| results::upscale(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &dehaze::Error| results::dehaze(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &report::Error| results::report(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &frames::Error| results::frames(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &::files::Error| files::files(e, flags)))
        .or_else(|| cause.downcast_ref().map(results::sifid))
        .or_else(|| cause.downcast_ref().map(results::pth))
        .or_else(|| cause.downcast_ref().map(|e: &train::Error| runs::train(e, flags)))
        .or_else(|| cause.downcast_ref().map(runs::model))
        .or_else(|| cause.downcast_ref().map(runs::cpu_path))
        .or_else(|| cause.downcast_ref().map(|e: &pyramid::Error| pictures::pyramid(e, flags)))
        .or_else(|| cause.downcast_ref().map(pictures::metrics))
        .flatten()
}

/// The types of errors that may be faults of the program, one per line. A failed tensor operation always is
/// one, because all input is checked before.
fn is_fault(cause: Cause<'_>) -> bool {
    cause.is::<candle_core::Error>()
        || cause.downcast_ref().is_some_and(consingan::Error::is_internal)
        || cause.downcast_ref().is_some_and(tasks::Error::is_internal)
        || cause.downcast_ref().is_some_and(upscale::Error::is_internal)
        || cause.downcast_ref().is_some_and(dehaze::Error::is_internal)
        || cause.downcast_ref().is_some_and(report::Error::is_internal)
        || cause.downcast_ref().is_some_and(frames::Error::is_internal)
        || cause.downcast_ref().is_some_and(sifid::Error::is_internal)
        || cause.downcast_ref().is_some_and(pth::Error::is_internal)
        || cause.downcast_ref().is_some_and(train::Error::is_internal)
        || cause.downcast_ref().is_some_and(model::Error::is_internal)
}

#[cfg(test)]
mod official_tests;
#[cfg(test)]
mod tests;
