//! Paths for results: finds paths at which nothing exists yet, and refuses unusable paths before time is
//! spent on results that could not be saved there.

use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Checks that nothing exists at `path` and that a file or directory could be created there.
///
/// # Errors
/// [`Error::Exists`], [`Error::NoName`], and [`Error::NotADirectory`] if a part of it is there and is no
/// directory.
pub fn check_free(path: &Path) -> Result<()> {
    if path.file_name().is_none() {
        return Err(Error::NoName { path: path.to_path_buf() });
    }
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: path.to_path_buf() });
    }
    let nearest = path.ancestors().skip(1).find(|parent| parent.symlink_metadata().is_ok());
    match nearest.filter(|parent| !parent.is_dir()) {
        None => Ok(()),
        Some(parent) => Err(Error::NotADirectory { path: path.to_path_buf(), above: parent.to_path_buf() }),
    }
}

/// Makes the checks of [`check_free`], and checks that the directory exists in which a file at `path` would
/// be created.
///
/// # Errors
/// Those of [`check_free`], and [`Error::NoDirectory`].
pub fn check_free_file(path: &Path) -> Result<()> {
    check_free(path)?;
    let parent = parent_of(path);
    if parent.is_dir() {
        return Ok(());
    }
    Err(Error::NoDirectory { path: path.to_path_buf(), parent: parent.to_path_buf() })
}

/// Returns `path` with `ending` (empty, or `.png` and the like), or the first of `path-2`, `path-3`, ... with it at which nothing
/// exists.
///
/// Another program can take the name at any moment: [`crate::Place`] avoids that.
pub fn free_name(path: &Path, ending: &str) -> PathBuf {
    names(path, ending).find(|name| name.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
}

/// The directory of a path.
pub(crate) fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path with `ending`, then with the numbers from 2 on before it.
pub(crate) fn names<'a>(path: &'a Path, ending: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    (1..=u32::MAX).map(move |number| numbered(path, number, ending))
}

/// The path with `-number` and `ending` appended to its name; number 1 is not written.
fn numbered(path: &Path, number: u32, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn taken_names_get_the_first_free_number() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("photo.jpg");
        assert_eq!(free_name(&path, ""), path);
        assert_eq!(free_name(&path, ".gif"), dir.path().join("photo.jpg.gif"));
        for name in ["photo.jpg", "photo.jpg-2", "photo.jpg.gif"] {
            std::fs::write(dir.path().join(name), "")?;
        }
        assert_eq!(free_name(&path, ""), dir.path().join("photo.jpg-3"));
        assert_eq!(free_name(&path, ".gif"), dir.path().join("photo.jpg-2.gif"));
        Ok(())
    }

    #[test]
    fn unusable_paths_are_refused_with_the_reason() -> Outcome {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("file");
        std::fs::write(&file, "")?;
        assert!(matches!(check_free(&file), Err(Error::Exists { .. })));
        assert!(
            matches!(check_free(&file.join("far/below")), Err(Error::NotADirectory { above, .. }) if above == file)
        );
        assert!(matches!(check_free(&dir.path().join("..")), Err(Error::NoName { .. })));
        let deep = dir.path().join("new/name");
        assert!(check_free(&deep).is_ok());
        assert!(matches!(check_free_file(&deep), Err(Error::NoDirectory { .. })));
        assert!(check_free_file(Path::new("a-name-that-nothing-has")).is_ok());
        Ok(())
    }
}
