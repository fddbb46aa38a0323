//! Writes files and directories atomically: the content is written under a temporary name in the same
//! directory, which is then renamed.

use crate::names::{check_free, parent_of};
use crate::temporary::temporary;
use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes `bytes` to `path` and replaces an existing file. Other programs see either the old file or the
/// complete new one. After a loss of power the file may be the old one, the new one, or empty.
///
/// # Errors
/// [`Error::NoName`], and [`Error::Io`] if the directory is missing, not writable or full. Nothing is left of
/// a failed attempt.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |temporary| filled(temporary, bytes).map(drop).map_err(Error::io(path)))
}

/// As [`write()`], and the file is on the disk when it returns: a loss of power leaves the old file or the new one.
///
/// # Errors
/// As [`write()`].
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |temporary| {
        filled(temporary, bytes).and_then(|file| file.sync_all()).map_err(Error::io(path))
    })?;
    sync_directory(parent_of(path))
}

/// A new file at `path` with these contents.
fn filled(path: &Path, bytes: &[u8]) -> std::io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// Brings the names in a directory to the disk. Where directories cannot be synced (Windows) it has no effect.
///
/// # Errors
/// [`Error::Io`] where the disk refuses.
pub fn sync_directory(dir: &Path) -> Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io(dir))
}

/// Calls `fill` with a temporary path to which it writes the file, then renames that file to `path` and
/// replaces an existing file. Returns the result of `fill`.
///
/// # Errors
/// The error of `fill`; [`Error::NoName`], [`Error::Io`]. Nothing is left of a failed attempt.
pub fn write_with<T, E: From<Error>>(
    path: &Path,
    fill: impl FnOnce(&Path) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let temporary = temporary(path)?;
    let written = fill(&temporary).and_then(|value| {
        std::fs::rename(&temporary, path).map_err(Error::io(path))?;
        Ok(value)
    });
    if written.is_err() {
        // The first error is the one to report. Removing fails if the temporary file was never created, which
        // is no problem.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Creates a temporary directory, calls `fill` with its path to fill it, then renames it to `path`. Missing
/// parent directories are created. Returns the result of `fill`.
///
/// # Errors
/// The error of `fill`; [`Error::Exists`] if anything is at `path`, before `fill` is called or after it;
/// [`Error::NoName`], [`Error::NotADirectory`], [`Error::Io`]. Nothing is left of a failed attempt, not even
/// the directories above that it made.
pub fn make_directory<T, E: From<Error>>(
    path: &Path,
    fill: impl FnOnce(&Path) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    check_free(path)?;
    let temporary = temporary(path)?;
    let missing: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .take_while(|parent| !parent.as_os_str().is_empty() && !parent.exists())
        .collect();
    let made = std::fs::create_dir_all(&temporary)
        .map_err(|source| E::from(Error::io(path)(source)))
        .and_then(|()| fill(&temporary))
        .and_then(|value| {
            std::fs::rename(&temporary, path).map_err(|source| taken(path, source))?;
            sync_directory(parent_of(path))?;
            Ok(value)
        });
    if made.is_err() {
        // The first error is the one to report. Parent directories that were created here are empty again.
        let _ = std::fs::remove_dir_all(&temporary);
        for parent in missing {
            let _ = std::fs::remove_dir(parent);
        }
    }
    made
}

/// The error for a directory that could not be renamed to `path`. Another program may have created `path` in
/// the meantime.
fn taken(path: &Path, source: std::io::Error) -> Error {
    match source.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => Error::Exists { path: path.to_path_buf() },
        _ => Error::io(path)(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    fn count(dir: &Path) -> usize {
        std::fs::read_dir(dir).map_or(0, Iterator::count)
    }

    #[test]
    fn an_existing_file_is_replaced() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a.txt");
        for text in ["old", "new"] {
            write(&path, text.as_bytes())?;
            assert_eq!(std::fs::read_to_string(&path)?, text);
        }
        assert_eq!(count(dir.path()), 1);
        Ok(())
    }

    #[test]
    fn a_failed_attempt_leaves_no_files() -> Outcome {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("a.txt");
        write(&file, b"old")?;
        let failed = write_with(&file, |temporary| {
            std::fs::write(temporary, "half").map_err(Error::io(&file))?;
            Err::<(), Error>(Error::Exists { path: "the error of the closure".into() })
        });
        assert!(failed.is_err_and(|e| e.to_string().starts_with("the error of the closure")));
        assert_eq!(std::fs::read_to_string(&file)?, "old");

        let deep = dir.path().join("new/deep/directory");
        let failed = make_directory(&deep, |temporary| {
            std::fs::write(temporary.join("a"), "half").map_err(Error::io(&deep))?;
            Err::<(), Error>(Error::Exists { path: deep.clone() })
        });
        assert!(failed.is_err());
        assert_eq!(count(dir.path()), 1);
        // The directory does not exist, or there is a file where a directory should be.
        assert!(matches!(write(&dir.path().join("none/a.txt"), b""), Err(Error::Io { .. })));
        assert!(matches!(
            make_directory(&file.join("below"), |_| Ok::<(), Error>(())),
            Err(Error::NotADirectory { .. })
        ));
        assert!(matches!(write(Path::new("/"), b""), Err(Error::NoName { .. })));
        assert_eq!(count(dir.path()), 1);
        Ok(())
    }

    #[test]
    fn a_directory_is_created_only_once() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("new/run");
        let fill = |temporary: &Path| {
            assert!(!path.exists());
            std::fs::write(temporary.join("a"), "whole").map_err(Error::io(&path))
        };
        make_directory(&path, fill)?;
        assert_eq!(std::fs::read_to_string(path.join("a"))?, "whole");
        let again = make_directory(&path, |_| Ok::<(), Error>(()));
        assert!(matches!(again, Err(Error::Exists { .. })));
        // Another program creates the directory while it is filled here.
        let path = dir.path().join("other");
        let late = make_directory(&path, |_| {
            std::fs::create_dir(&path).map_err(Error::io(&path))?;
            std::fs::write(path.join("theirs"), "theirs").map_err(Error::io(&path))
        });
        assert!(matches!(late, Err(Error::Exists { .. })), "{late:?}");
        assert_eq!(count(&path), 1);
        assert_eq!(count(dir.path()), 2);
        Ok(())
    }
}
