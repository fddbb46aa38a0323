//! What to do about an error. The libraries state facts, as types with fields; the program knows which flags and
//! commands its user has. One function for each library's errors, in `pictures.rs`, `runs.rs` and `results.rs`.

mod flags;
mod pictures;
mod results;
mod runs;

pub(crate) use flags::Flags;

use crate::refusal::Refusal;

/// What there is to say about an error beyond its message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// What to do about it.
    Hint(String),
    /// The message says all there is to say.
    Nothing,
    /// It is a fault of this program: there is nothing that its user could do.
    Internal,
}

impl Advice {
    fn hint(text: impl Into<String>) -> Self {
        Self::Hint(text.into())
    }

    /// The hint that some ways out make, if there is any; see [`Flags::ways`].
    fn ways(ways: Option<String>) -> Self {
        ways.map_or(Self::Nothing, Self::Hint)
    }
}

/// The advice on an error and all that caused it: a fault of this program wherever it is, else of the first cause on
/// which there is any.
pub(crate) fn of(error: &anyhow::Error, flags: &Flags) -> Advice {
    let mut first = Advice::Nothing;
    for cause in error.chain() {
        match of_cause(cause, flags) {
            Advice::Internal => return Advice::Internal,
            advice if first == Advice::Nothing => first = advice,
            _ => {}
        }
    }
    first
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The types of errors that the program knows, a line each.
fn of_cause(cause: Cause<'_>, flags: &Flags) -> Advice {
    None.or_else(|| cause.downcast_ref().map(|e: &Refusal| Advice::hint(&e.hint)))
        .or_else(|| of_cause(cause.downcast_ref::<consingan::Error>()?.underneath()?, flags).into())
        .or_else(|| cause.downcast_ref().map(|e: &tasks::Error| results::tasks(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &upscale::Error| results::upscale(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &dehaze::Error| results::dehaze(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &report::Error| results::report(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &frames::Error| results::frames(e, flags)))
        .or_else(|| cause.downcast_ref().map(|e: &files::Error| results::files(e, flags)))
        .or_else(|| cause.downcast_ref().map(results::sifid))
        .or_else(|| cause.downcast_ref().map(results::pth))
        .or_else(|| cause.downcast_ref().map(results::range))
        .or_else(|| cause.downcast_ref().map(|e: &train::Error| runs::train(e, flags)))
        .or_else(|| cause.downcast_ref().map(runs::model))
        .or_else(|| cause.downcast_ref().map(runs::cpu_path))
        .or_else(|| cause.downcast_ref().map(|e: &pyramid::Error| pictures::pyramid(e, flags)))
        .or_else(|| cause.downcast_ref().map(pictures::metrics))
        .or_else(|| cause.downcast_ref().map(runs::candle))
        .unwrap_or(Advice::Nothing)
}

#[cfg(test)]
mod tests;
