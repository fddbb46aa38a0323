//! Where results go: names that are free, and what is refused before minutes are spent on it.

use crate::refusal::refusal;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// What to do where something has the name already.
const TAKEN: &str = "choose another name or remove it";

/// Makes the directory `out` for results; what lies in one that is there already is not written over.
///
/// # Errors
/// Where there is something in it, or it cannot be made.
pub(crate) fn make_folder(out: &Path) -> Result<()> {
    let taken = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(refusal(format!("{}: exists already", out.display()), TAKEN));
    }
    std::fs::create_dir_all(out).map_err(|e| {
        refusal(format!("{}: cannot be made ({e})", out.display()), "name another directory with --out")
    })
}

/// Checks that a file or directory could be made at a path.
///
/// # Errors
/// For a path that something has already, or that cannot become a file or directory.
pub(crate) fn check_free(path: &Path) -> Result<()> {
    let shown = path.display();
    if path.symlink_metadata().is_ok() {
        return Err(refusal(format!("{shown}: exists already"), TAKEN));
    }
    if path.file_name().is_none() {
        return Err(refusal(format!("{shown}: is no name"), "give one like results/photo"));
    }
    let above = path.ancestors().skip(1).find(|a| a.symlink_metadata().is_ok());
    match above.filter(|a| !a.is_dir()) {
        None => Ok(()),
        Some(above) => {
            let what = format!("{shown}: cannot be made, {} is no directory", above.display());
            Err(refusal(what, "name another with --out"))
        }
    }
}

/// Checks that a file could be made at a path.
///
/// # Errors
/// As [`check_free`], and where the file's directory is not there.
pub(crate) fn check_free_file(path: &Path) -> Result<()> {
    check_free(path)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let what = format!("{}: is no place for a file", path.display());
        return Err(refusal(what, "name one in a directory that is there"));
    }
    Ok(())
}

/// `path`, or where it is taken with the first number that is free after it: `photo`, `photo-2`, ...
pub(crate) fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    free(path, |number| format!("{name}{number}"))
}

/// `path.EXTENSION`, or where it is taken with the first number that is free before the dot: `photo.gif`, `photo-2.gif`, ...
pub(crate) fn free_file(path: &Path, extension: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    free(path, |number| format!("{name}{number}.{extension}"))
}

fn free(path: &Path, named: impl Fn(&str) -> String) -> PathBuf {
    let numbered = (2..).map(|i: u32| path.with_file_name(named(&format!("-{i}"))));
    let mut names = std::iter::once(path.with_file_name(named(""))).chain(numbered);
    names.find(|p| p.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
}
