//! Where results go: names that are free, and what is refused before minutes are spent on it.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

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
    if path.symlink_metadata().is_ok() {
        bail!("{}: exists already; choose another name or remove it", path.display());
    }
    if path.file_name().is_none() {
        bail!("{}: is no name; give one like results/photo", path.display());
    }
    let above = path.ancestors().skip(1).find(|a| a.symlink_metadata().is_ok());
    match above.filter(|a| !a.is_dir()) {
        None => Ok(()),
        Some(above) => bail!(
            "{}: cannot be made, {} is no directory; name another with --out",
            path.display(),
            above.display()
        ),
    }
}

/// The same for a file, whose directory must be there.
pub(crate) fn check_free_file(path: &Path) -> Result<()> {
    check_free(path)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        bail!("{}: is no place for a file; name one in a directory that is there", path.display());
    }
    Ok(())
}

/// `path`, or with the first number that is free behind it: `photo`, `photo-2`, ...
pub(crate) fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    free(path, |number| format!("{name}{number}"))
}

/// `path.EXTENSION`, or with the first number that is free before the dot: `photo.gif`, `photo-2.gif`, ...
pub(crate) fn free_file(path: &Path, extension: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    free(path, |number| format!("{name}{number}.{extension}"))
}

fn free(path: &Path, named: impl Fn(&str) -> String) -> PathBuf {
    let numbered = (2..).map(|i: u32| path.with_file_name(named(&format!("-{i}"))));
    let mut names = std::iter::once(path.with_file_name(named(""))).chain(numbered);
    names.find(|p| p.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
}
