//! Advice on runs, their training, and what is made with them.

use super::{Advice, Flags, pictures};

/// On what `train` refuses.
pub(super) fn train(error: &train::Error, flags: &Flags) -> Advice {
    match error {
        train::Error::Model(e) => model(e),
        train::Error::Picture(e) => pictures::pyramid(e, flags),
        train::Error::Tensor(e) => candle(e),
        train::Error::Diverged { .. } => Advice::ways(flags.ways(&["lower --lr-g and --lr-d"])),
        train::Error::Collapsed { .. } => {
            Advice::ways(flags.ways(&["try lower --lr-g and --lr-d, or another --seed"]))
        }
        train::Error::OutOfMemory { fits, .. } => {
            Advice::ways(flags.ways(&[&format!("about --max-size {fits} fits"), "compute with --device cpu"]))
        }
        _ => Advice::InMessage,
    }
}

/// On what `model` refuses.
pub(super) fn model(error: &model::Error) -> Advice {
    match error {
        model::Error::Tensor(e) => candle(e),
        _ => Advice::InMessage,
    }
}

/// On a tensor operation that failed: what was given has been checked before it comes to those.
pub(super) fn candle(_: &candle_core::Error) -> Advice {
    Advice::Internal
}

/// On instructions that were asked for.
pub(super) fn cpu_path(_: &kernels::PathError) -> Advice {
    Advice::hint("unset KERNELS_CPU, which takes the fastest there are")
}
