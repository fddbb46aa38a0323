//! Advice on files and directories that are written.

use super::Flags;
use std::io::ErrorKind;

/// Where a file or a directory could not be written.
pub(super) const WRITABLE: &str = "check that the directory exists, is writable and has space";

/// Where results could not be printed.
pub(super) const PRINTED: &str = "check that there is space where it is redirected to";

/// Hints on errors of `files`.
pub(super) fn files(error: &::files::Error, flags: &Flags) -> Option<String> {
    use ::files::Error;
    let text = match error {
        Error::Exists { .. } => "choose another name or remove it",
        Error::NoName { .. } => "give one like results/photo",
        Error::NotADirectory { .. } => return flags.ways(&["name another with --out"]),
        Error::NoDirectory { .. } => "name one in a directory that is there",
        Error::NotAFile { .. } => "name a file",
        Error::TooLarge { .. } => "put the file back that was there",
        Error::Io { source, .. } if source.kind() == ErrorKind::StorageFull => {
            "make room on the disk; what was saved before is whole, and a run goes on with train --resume"
        }
        Error::Io { .. } => WRITABLE,
        _ => return None,
    };
    Some(text.into())
}
