//! Advice on what is made with pictures and runs.

use super::files::WRITABLE;
use super::{Flags, of_cause, runs};

/// Hints on errors of `tasks`.
pub(super) fn tasks(error: &tasks::Error, flags: &Flags) -> Option<String> {
    use tasks::Error;
    let text = match error {
        Error::Torch(e) => return of_cause(e, flags),
        Error::Sifid(e) => return of_cause(e, flags),
        Error::Train(e) => return of_cause(e, flags),
        Error::Picture(e) => return of_cause(e, flags),
        Error::Metrics(e) => return of_cause(e, flags),
        Error::NoStage { path } | Error::Unfinished { path } => return Some(runs::go_on(path)),
        Error::CannotRetouch { .. } => "train a run with --task harmonization or --task editing",
        Error::BlackMask => return flags.ways(&["paint white on it where to change"]),
        Error::NoDifference => {
            return flags.ways(&["say where to change with --mask", "give the picture that was changed"]);
        }
        Error::OtherPicture { .. } => {
            return flags
                .ways(&["give the training picture with your changes", "say where to change with --mask"]);
        }
        Error::OtherShape { .. } => "cut it to the training picture's shape, or scale the whole of it",
        Error::InColour { .. } => "turn it to gray first",
        Error::NoPictures { .. } => "name a directory of PNG or JPEG files",
        Error::Import { .. } => "name the folder that the official program wrote, with parameters.txt in it",
        _ => return None,
    };
    Some(text.into())
}

/// Hints on errors of `upscale`.
pub(super) fn upscale(error: &upscale::Error, flags: &Flags) -> Option<String> {
    use upscale::Error;
    let text = match error {
        Error::File(e) => return of_cause(e, flags),
        Error::Picture(e) => return of_cause(e, flags),
        Error::Train(e) => return of_cause(e, flags),
        Error::TooLarge { fits: Some(fits), .. } => {
            return flags.ways(&[&format!("give --factor {fits} or less")]);
        }
        Error::TooLarge { fits: None, .. } => "give a smaller picture",
        Error::Channels { .. } => {
            return flags.ways(&["convert the picture", "train on it, without --run"]);
        }
        Error::Step { step, .. } => return flags.ways(&[&format!("give --factor {step}")]),
        Error::OtherTask { .. } | Error::NoEnlarger { .. } => "name a directory that consingan upscale kept",
        Error::Unfinished { path } => return Some(runs::go_on(path)),
        Error::Version { .. } | Error::Damaged { .. } => return flags.ways(&["train again, without --run"]),
        _ => return None,
    };
    Some(text.into())
}

/// Hints on errors of `dehaze`.
pub(super) fn dehaze(error: &dehaze::Error, flags: &Flags) -> Option<String> {
    use dehaze::Error;
    let text = match error {
        Error::File(e) => return of_cause(e, flags),
        Error::Picture(e) => return of_cause(e, flags),
        Error::Train(e) => return of_cause(e, flags),
        Error::Small { .. } => "use a larger picture",
        Error::Even { .. } => "use a picture on which something can be seen",
        Error::Diverged { .. } => return flags.ways(&["try another --seed", "take --method dcp"]),
        _ => return None,
    };
    Some(text.into())
}

/// Hints on errors of `report`.
pub(super) fn report(error: &report::Error, flags: &Flags) -> Option<String> {
    use report::Error;
    match error {
        Error::Tasks(e) => of_cause(e, flags),
        Error::Train(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::File(e) => of_cause(e, flags),
        _ => None,
    }
}

/// Hints on errors of `frames`.
pub(super) fn frames(error: &frames::Error, flags: &Flags) -> Option<String> {
    use frames::Error;
    match error {
        Error::File(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::Io { .. } => Some(WRITABLE.into()),
        _ => None,
    }
}

/// Hints on weights of Inception.
pub(super) fn sifid(error: &sifid::Error) -> Option<String> {
    match error {
        sifid::Error::Io { .. } => Some("check the path".into()),
        _ => Some("docs/METRICS.md says how to make the file".into()),
    }
}

/// Hints on files of the official program.
pub(super) fn pth(error: &pth::Error) -> Option<String> {
    match error {
        pth::Error::Missing { .. } | pth::Error::NotAFile { .. } => {
            Some("name the folder that the official program wrote".into())
        }
        pth::Error::Damaged { .. } => Some("copy the folder again".into()),
        _ => None,
    }
}
