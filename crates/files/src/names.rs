//! Paths for results: finds paths at which nothing exists yet, and refuses unusable paths before time is
//! spent on results that could not be saved there.

use crate::{Error, Result};
use std::io::ErrorKind;
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
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if parent.is_dir() {
        return Ok(());
    }
    Err(Error::NoDirectory { path: path.to_path_buf(), parent: parent.to_path_buf() })
}

/// Returns `path`, or the first of `path-2`, `path-3`, ... at which nothing exists.
///
/// Another program can take the name at any moment. [`crate::make_directory`] then returns an error;
/// [`claim_directory`] avoids the problem because it also creates the directory.
pub fn free_name(path: &Path) -> PathBuf {
    first_free(path, "")
}

/// Returns `path.EXTENSION`, or the first of `path-2.EXTENSION`, `path-3.EXTENSION`, ... at which nothing
/// exists.
pub fn free_file(path: &Path, extension: &str) -> PathBuf {
    first_free(path, &format!(".{extension}"))
}

/// Creates the directory `path`, or the first of `path-2`, `path-3`, ... at which nothing exists, and returns
/// its path. If several programs do this at the same time, each gets a directory of its own. Missing parent
/// directories are created.
///
/// # Errors
/// [`Error::NoName`], [`Error::Io`].
pub fn claim_directory(path: &Path) -> Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(Error::NoName { path: path.to_path_buf() });
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io(path))?;
    }
    for number in 1.. {
        let candidate = numbered(path, number, "");
        match std::fs::create_dir(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(source) if source.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::io(&candidate)(source)),
        }
    }
    Err(Error::Exists { path: path.to_path_buf() })
}

fn first_free(path: &Path, ending: &str) -> PathBuf {
    let mut names = (1..).map(|number| numbered(path, number, ending));
    names.find(|name| name.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
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
        assert_eq!(free_name(&path), path);
        assert_eq!(free_file(&path, "gif"), dir.path().join("photo.jpg.gif"));
        for name in ["photo.jpg", "photo.jpg-2", "photo.jpg.gif"] {
            std::fs::write(dir.path().join(name), "")?;
        }
        assert_eq!(free_name(&path), dir.path().join("photo.jpg-3"));
        assert_eq!(free_file(&path, "gif"), dir.path().join("photo.jpg-2.gif"));
        Ok(())
    }

    #[test]
    fn each_claim_gets_its_own_directory() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("runs/photo");
        let claims: Vec<PathBuf> = std::thread::scope(|scope| {
            let claims: Vec<_> =
                (0..8).map(|_| scope.spawn(|| claim_directory(&path).expect("a directory"))).collect();
            claims.into_iter().map(|claim| claim.join().expect("no panic")).collect()
        });
        let different: std::collections::BTreeSet<_> = claims.iter().collect();
        assert_eq!(different.len(), 8);
        assert!(claims.contains(&path) && claims.contains(&dir.path().join("runs/photo-8")));
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
        assert!(matches!(claim_directory(&file.join("below")), Err(Error::Io { .. })));
        Ok(())
    }
}
