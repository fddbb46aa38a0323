//! Where results go: names that are free, and what is refused before minutes are spent on it.

use anyhow::Result;
use std::path::Path;

/// Makes the directory `out` for results; what lies in one that is there already is not written over.
pub(crate) fn make_folder(out: &Path) -> Result<()> {
    let taken = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        anyhow::bail!("{}: exists already; choose another name or remove it", out.display());
    }
    std::fs::create_dir_all(out).map_err(|e| {
        anyhow::anyhow!("{}: cannot be made ({e}); name another directory with --out", out.display())
    })
}

/// Refuses a path that something has already, or that cannot become a file or directory.
pub(crate) fn check_free(path: &Path) -> Result<()> {
    Ok(files::check_free(path)?)
}

/// Refuses a path that [`check_free`] refuses, and one whose directory is not there.
pub(crate) fn check_free_file(path: &Path) -> Result<()> {
    Ok(files::check_free_file(path)?)
}

pub(crate) use files::{free_file, free_name};
