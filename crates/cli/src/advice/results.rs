//! Advice on what is made with pictures and runs, and on the files that it is written to.

use super::{Advice, Flags, of_cause};

/// On a value that is outside its range: the message gives the range, which is all that is needed.
pub(super) fn range(_: &limits::OutOfRange) -> Advice {
    Advice::Nothing
}

/// On what `files` refuses.
pub(super) fn files(error: &files::Error, flags: &Flags) -> Advice {
    match error {
        files::Error::Exists { .. } => Advice::hint("choose another name or remove it"),
        files::Error::NoName { .. } => Advice::hint("give one like results/photo"),
        files::Error::NotADirectory { .. } => Advice::ways(flags.ways(&["name another with --out"])),
        files::Error::NoDirectory { .. } => Advice::hint("name one in a directory that is there"),
        files::Error::Io { .. } => Advice::hint("check that the directory exists, is writable and has space"),
        _ => Advice::Nothing,
    }
}

/// On what `tasks` refuses.
pub(super) fn tasks(error: &tasks::Error, flags: &Flags) -> Advice {
    use tasks::Error;
    match error {
        Error::Range(e) => of_cause(e, flags),
        Error::Torch(e) => of_cause(e, flags),
        Error::Sifid(e) => of_cause(e, flags),
        Error::Train(e) => of_cause(e, flags),
        Error::Model(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::Metrics(e) => of_cause(e, flags),
        Error::Tensor(e) => of_cause(e, flags),
        Error::NoStage { path } | Error::Unfinished { path } => go_on(path),
        Error::CannotRetouch { .. } => {
            Advice::hint("train a run with --task harmonization or --task editing")
        }
        Error::BlackMask => Advice::ways(flags.ways(&["paint white on it where to change"])),
        Error::NoDifference => Advice::ways(
            flags.ways(&["say where to change with --mask", "give the picture that was changed"]),
        ),
        Error::InColour { .. } => Advice::hint("turn it to gray first"),
        Error::NoPictures { .. } => Advice::hint("name a directory of PNG or JPEG files"),
        Error::Import { .. } => {
            Advice::hint("name the folder that the official program wrote, with parameters.txt in it")
        }
        _ => Advice::Nothing,
    }
}

/// On what `upscale` refuses.
pub(super) fn upscale(error: &upscale::Error, flags: &Flags) -> Advice {
    use upscale::Error;
    match error {
        Error::Range(e) => of_cause(e, flags),
        Error::File(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::Model(e) => of_cause(e, flags),
        Error::Train(e) => of_cause(e, flags),
        Error::Tensor(e) => of_cause(e, flags),
        Error::TooLarge { fits: Some(fits), .. } => {
            Advice::ways(flags.ways(&[&format!("give --factor {fits} or less")]))
        }
        Error::TooLarge { fits: None, .. } => Advice::hint("give a smaller picture"),
        Error::Channels { .. } => {
            Advice::ways(flags.ways(&["convert the picture", "train on it, without --run"]))
        }
        Error::Step { step, .. } => Advice::ways(flags.ways(&[&format!("give --factor {step}")])),
        Error::OtherTask { .. } | Error::NoEnlarger { .. } => {
            Advice::hint("name a directory that consingan upscale kept")
        }
        Error::Unfinished { path } => go_on(path),
        _ => Advice::ways(flags.ways(&["train again, without --run"])),
    }
}

/// On what `dehaze` refuses.
pub(super) fn dehaze(error: &dehaze::Error, flags: &Flags) -> Advice {
    use dehaze::Error;
    match error {
        Error::Range(e) => of_cause(e, flags),
        Error::File(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::Model(e) => of_cause(e, flags),
        Error::Train(e) => of_cause(e, flags),
        Error::Tensor(e) => of_cause(e, flags),
        Error::Small { .. } => Advice::hint("use a larger picture"),
        Error::Even { .. } => Advice::hint("use a picture on which something can be seen"),
        Error::Diverged { .. } => Advice::ways(flags.ways(&["try another --seed", "take --method dcp"])),
        _ => Advice::Internal,
    }
}

/// On what `report` refuses.
pub(super) fn report(error: &report::Error, flags: &Flags) -> Advice {
    use report::Error;
    match error {
        Error::Tasks(e) => of_cause(e, flags),
        Error::Train(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::File(e) => of_cause(e, flags),
        _ => Advice::Internal,
    }
}

/// On what `frames` refuses.
pub(super) fn frames(error: &frames::Error, flags: &Flags) -> Advice {
    use frames::Error;
    match error {
        Error::Range(e) => of_cause(e, flags),
        Error::File(e) => of_cause(e, flags),
        Error::Picture(e) => of_cause(e, flags),
        Error::Io { .. } => Advice::hint("check that the directory exists, is writable and has space"),
        _ => Advice::Internal,
    }
}

/// On weights of Inception.
pub(super) fn sifid(error: &sifid::Error) -> Advice {
    match error {
        sifid::Error::Io { .. } => Advice::hint("check the path"),
        sifid::Error::Tensor(_) => Advice::Internal,
        _ => Advice::hint("docs/METRICS.md says how to make the file"),
    }
}

/// On files of the official program.
pub(super) fn pth(error: &pth::Error) -> Advice {
    match error {
        pth::Error::Missing { .. } | pth::Error::NotAFile { .. } => {
            Advice::hint("name the folder that the official program wrote")
        }
        pth::Error::Damaged { .. } => Advice::hint("copy the folder again"),
        pth::Error::Tensor(_) => Advice::Internal,
        _ => Advice::Nothing,
    }
}

/// On a run that has more to train before it can be used.
pub(super) fn go_on(path: &std::path::Path) -> Advice {
    Advice::hint(format!("go on with it first: consingan train --resume {}", path.display()))
}
