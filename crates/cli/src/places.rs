//! Output paths: free names, and checks before long work.

use crate::refusal::refusal;
use anyhow::Result;
use std::path::Path;

/// The hint where the name exists already.
const TAKEN: &str = "choose another name or remove it";

/// Makes the directory `out` for results. Existing contents are never overwritten.
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

/// Checks that a file or directory can be made at a path.
///
/// # Errors
/// For a path that something has already, or that cannot become a file or directory.
pub(crate) fn check_free(path: &Path) -> Result<()> {
    Ok(consingan::check_free(path)?)
}

/// Checks that a file can be made at a path.
///
/// # Errors
/// As [`check_free`], and where the file's directory is not there.
pub(crate) fn check_free_file(path: &Path) -> Result<()> {
    Ok(consingan::check_free_file(path)?)
}

pub(crate) use consingan::{free_file, free_name};
