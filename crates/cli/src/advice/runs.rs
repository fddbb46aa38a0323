//! Advice on runs and their training.

use super::{Flags, files, pictures};
use crate::output::quoted;
use std::io::ErrorKind;
use std::path::Path;

/// What to do where a file of a run is not whole.
const WHOLE: &str = "put a whole copy of it back or train anew";

/// Hints on errors of `train`.
pub(super) fn train(error: &train::Error, flags: &Flags) -> Option<String> {
    use train::Error;
    let text = match error {
        Error::File(::files::Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => WHOLE,
        Error::File(e) => return files::files(e, flags),
        Error::Model(e) => return model(e),
        Error::Picture(e) => return pictures::pyramid(e, flags),
        Error::NotARun { .. } => "name a directory that consingan train made",
        Error::Format { .. } => "use the version of consingan that wrote it",
        Error::Damaged { .. } => WHOLE,
        Error::DamagedCheckpoint { .. } => "remove it to begin the stage anew",
        Error::Unfinished { path } => return Some(go_on(path)),
        Error::InUse { .. } => "wait for it, or stop it first",
        Error::Moved { .. } => "what was saved is in the directory that was moved: resume it there",
        Error::Diverged { .. } => return flags.ways(&["lower --lr-g and --lr-d"]),
        Error::Collapsed { .. } => {
            return flags.ways(&["try lower --lr-g and --lr-d", "try another --seed"]);
        }
        Error::OutOfMemory { fits, .. } => {
            return flags.ways(&[&format!("about --max-size {fits} fits"), "compute with --device cpu"]);
        }
        _ => return None,
    };
    Some(text.into())
}

/// Hints on errors of `model`. A value outside its range needs none, and weights that do not fit are reported
/// with their file by `train`.
pub(super) fn model(error: &model::Error) -> Option<String> {
    match error {
        model::Error::File { .. } => Some(WHOLE.into()),
        _ => None,
    }
}

/// The hint on a run that must be trained further before it can be used.
pub(super) fn go_on(path: &Path) -> String {
    format!("go on with it first: consingan train --resume {}", quoted(path))
}

/// The hint on an instruction set that cannot be used.
pub(super) fn cpu_path(_: &kernels::PathError) -> Option<String> {
    Some("unset KERNELS_CPU, which takes the fastest there are".into())
}
