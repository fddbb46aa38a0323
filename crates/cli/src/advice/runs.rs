//! Advice on runs, their training, and what is made with them.

use super::{Advice, Flags, of_cause, pictures};

/// Advice on what `train` refuses.
pub(super) fn train(error: &train::Error, flags: &Flags) -> Advice {
    use train::Error;
    match error {
        Error::Range(e) => of_cause(e, flags),
        Error::File(e) => of_cause(e, flags),
        Error::Model(e) => model(e),
        Error::Picture(e) => pictures::pyramid(e, flags),
        Error::Tensor(e) => candle(e),
        Error::Encoding { .. } | Error::Contradiction(_) => Advice::Internal,
        Error::MinAboveMax { .. } => Advice::ways(flags.ways(&["lower --min-size", "raise --max-size"])),
        Error::NotARun { .. } => Advice::hint("name a directory that consingan train made"),
        Error::Format { .. } => Advice::hint("use the version of consingan that wrote it"),
        Error::Damaged { .. } => Advice::hint("put a whole copy of it back or train anew"),
        Error::DamagedCheckpoint { .. } => Advice::hint("remove it to begin the stage anew"),
        Error::Unfinished { path } => super::results::go_on(path),
        Error::InUse { .. } => Advice::hint("wait for it, or stop it first"),
        Error::Diverged { .. } => Advice::ways(flags.ways(&["lower --lr-g and --lr-d"])),
        Error::Collapsed { .. } => {
            Advice::ways(flags.ways(&["try lower --lr-g and --lr-d, or another --seed"]))
        }
        Error::OutOfMemory { fits, .. } => {
            Advice::ways(flags.ways(&[&format!("about --max-size {fits} fits"), "compute with --device cpu"]))
        }
        _ => Advice::Nothing,
    }
}

/// Advice on what `model` refuses.
pub(super) fn model(error: &model::Error) -> Advice {
    match error {
        model::Error::Tensor(e) => candle(e),
        model::Error::NoStage => Advice::Internal,
        model::Error::File { .. } => Advice::hint("put a whole copy of it back or train anew"),
        // A value outside its range says all; weights that do not fit are told of with their file.
        _ => Advice::Nothing,
    }
}

/// Advice on a tensor operation that failed: what was given has been checked before it comes to those.
pub(super) fn candle(_: &candle_core::Error) -> Advice {
    Advice::Internal
}

/// Advice on instructions that were asked for.
pub(super) fn cpu_path(_: &kernels::PathError) -> Advice {
    Advice::hint("unset KERNELS_CPU, which takes the fastest there are")
}
