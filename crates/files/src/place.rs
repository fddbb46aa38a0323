//! Where a result goes: to a given path, or to the first free one of several.

use crate::names::{names, parent_of};
use crate::temporary::{remove_temporaries, temporary};
use crate::{Error, Result, check_free, sync_directory};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory. It may take the place of an empty one.
    Directory,
}

/// Where a file or directory is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this path.
    At(PathBuf),
    /// At this path with an ending (empty, or `.png` and the like), or with the first number before the ending that is free.
    Free {
        /// The path without its ending.
        path: PathBuf,
        /// The ending.
        ending: String,
    },
}

impl Place {
    /// A free name without an ending.
    pub fn free(path: impl Into<PathBuf>) -> Self {
        Self::Free { path: path.into(), ending: String::new() }
    }

    /// The path where it will be, as far as can be told now: another program may take a free name.
    pub fn path(&self) -> PathBuf {
        match self {
            Self::At(path) => path.clone(),
            Self::Free { path, ending } => crate::free_name(path, ending),
        }
    }

    /// Checks that a file or directory can be made there: that the name is free, and that its directory is there or can be
    /// made, and takes files.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::NoName`], [`Error::NotADirectory`]; [`Error::Io`] where the directory cannot be written to.
    pub fn check(&self, kind: Kind) -> Result<()> {
        let path = self.path();
        check_place(&path, kind)?;
        let Some(nearest) = path.ancestors().skip(1).map(or_here).find(|parent| parent.is_dir()) else {
            return Ok(());
        };
        let probe = temporary(&nearest.join("probe"))?;
        OpenOptions::new().write(true).create_new(true).open(&probe).map_err(Error::io(&path))?;
        std::fs::remove_file(&probe).map_err(Error::io(&path))
    }

    /// Calls `fill` with a temporary path, at which it makes a file or a directory, and then gives that its name, which no other
    /// program can have taken. Missing directories above it are made. Returns the path and the result of `fill`.
    ///
    /// # Errors
    /// The error of `fill`; [`Error::Exists`] where something else came to be at a given path; [`Error::NoName`],
    /// [`Error::NotADirectory`], [`Error::Io`]. Nothing is left of a failed attempt, not even directories above it.
    pub fn make<T, E: From<Error>>(
        &self,
        kind: Kind,
        fill: impl FnOnce(&Path) -> std::result::Result<T, E>,
    ) -> std::result::Result<(PathBuf, T), E> {
        let expected = self.path();
        check_place(&expected, kind)?;
        let missing: Vec<&Path> = expected
            .ancestors()
            .skip(1)
            .take_while(|parent| !parent.as_os_str().is_empty() && !parent.exists())
            .collect();
        let above = parent_of(&expected);
        std::fs::create_dir_all(above).map_err(Error::io(&expected))?;
        // What cannot be removed is no reason not to go on.
        let _ = remove_temporaries(above);
        let temporary = temporary(&expected)?;
        let made = fill(&temporary).and_then(|value| Ok((self.publish(&temporary)?, value)));
        if made.is_err() {
            // The first error is the one to report.
            let _ = std::fs::remove_dir_all(&temporary);
            let _ = std::fs::remove_file(&temporary);
            for parent in missing {
                let _ = std::fs::remove_dir(parent);
            }
        }
        made
    }

    fn publish(&self, temporary: &Path) -> Result<PathBuf> {
        let (path, ending) = match self {
            Self::At(path) => return moved(temporary, path).map(|()| path.clone()),
            Self::Free { path, ending } => (path, ending),
        };
        for name in names(path, ending) {
            match moved(temporary, &name) {
                Err(Error::Exists { .. }) => {}
                moved => return moved.map(|()| name),
            }
        }
        Err(Error::Exists { path: path.clone() })
    }
}

/// Gives what is at `from` the name `to`, unless something is there. An empty directory is replaced by a directory.
fn moved(from: &Path, to: &Path) -> Result<()> {
    let exists = || Error::Exists { path: to.to_path_buf() };
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory => exists(),
        _ => Error::io(to)(source),
    };
    if from.is_dir() {
        // An empty directory claims the name, and the rename replaces it.
        match std::fs::create_dir(to) {
            Err(source) if source.kind() == ErrorKind::AlreadyExists && !is_empty_directory(to) => {
                return Err(exists());
            }
            Err(source) if source.kind() != ErrorKind::AlreadyExists => return Err(failed(source)),
            _ => {}
        }
        if cfg!(windows) {
            std::fs::remove_dir(to).map_err(failed)?;
        }
        std::fs::rename(from, to).map_err(failed)?;
    } else {
        match std::fs::hard_link(from, to) {
            Ok(()) => std::fs::remove_file(from).map_err(Error::io(from))?,
            Err(source) if source.kind() == ErrorKind::AlreadyExists => return Err(exists()),
            // Not every file system has links. An empty file claims the name there.
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).open(to).map_err(failed)?;
                std::fs::rename(from, to).map_err(failed)?;
            }
        }
    }
    sync_directory(parent_of(to))
}

fn check_place(path: &Path, kind: Kind) -> Result<()> {
    if kind == Kind::Directory && is_empty_directory(path) { Ok(()) } else { check_free(path) }
}

fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn is_empty_directory(path: &Path) -> bool {
    let is_directory = path.symlink_metadata().is_ok_and(|data| data.is_dir());
    is_directory && std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    type Fill = fn(&Path) -> Result<()>;
    const KINDS: [(Kind, Fill); 2] = [(Kind::File, file), (Kind::Directory, directory)];

    fn file(path: &Path) -> Result<()> {
        std::fs::write(path, "whole").map_err(Error::io(path))
    }

    fn directory(path: &Path) -> Result<()> {
        std::fs::create_dir(path).map_err(Error::io(path))?;
        file(&path.join("a"))
    }

    fn names_in(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .map(|entries| entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    #[test]
    fn each_of_many_writers_gets_a_name_of_its_own() -> Outcome {
        for (kind, fill) in KINDS {
            let dir = tempfile::tempdir()?;
            let place = Place::Free { path: dir.path().join("new/photo"), ending: ".gif".into() };
            let made: Vec<PathBuf> = std::thread::scope(|scope| {
                let writers: Vec<_> = (0..8).map(|_| scope.spawn(|| place.make(kind, fill))).collect();
                writers.into_iter().map(|w| w.join().expect("no panic").expect("made").0).collect()
            });
            assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), 8);
            assert_eq!(names_in(&dir.path().join("new")).len(), 8);
            assert!(made.contains(&dir.path().join("new/photo.gif")));
        }
        Ok(())
    }

    #[test]
    fn a_given_path_is_taken_once() -> Outcome {
        let dir = tempfile::tempdir()?;
        for (kind, fill) in KINDS {
            let path = dir.path().join("out");
            let place = Place::At(path.clone());
            place.check(kind)?;
            // Another program is faster.
            let late = place.make(kind, |temporary| {
                file(&path)?;
                fill(temporary)
            });
            assert!(matches!(late, Err(Error::Exists { .. })), "{late:?}");
            assert!(matches!(place.check(kind), Err(Error::Exists { .. })));
            assert_eq!(names_in(dir.path()), ["out"]);
            std::fs::remove_file(&path).map_err(Error::io(&path))?;
        }
        // An empty directory that was made for it is filled.
        let empty = dir.path().join("empty");
        std::fs::create_dir(&empty)?;
        Place::At(empty.clone()).make(Kind::Directory, directory)?;
        assert_eq!(names_in(&empty), ["a"]);
        assert!(matches!(Place::At(empty).make(Kind::Directory, directory), Err(Error::Exists { .. })));
        Ok(())
    }

    #[test]
    fn nothing_is_left_of_a_failed_attempt() -> Outcome {
        let dir = tempfile::tempdir()?;
        let place = Place::free(dir.path().join("deep/below/out"));
        let failed = place.make(Kind::Directory, |temporary| {
            directory(temporary)?;
            Err::<(), Error>(Error::NoName { path: "of the closure".into() })
        });
        assert!(matches!(failed, Err(Error::NoName { .. })));
        assert!(names_in(dir.path()).is_empty());
        std::fs::write(dir.path().join("file"), "")?;
        let below = Place::At(dir.path().join("file/below"));
        assert!(matches!(below.check(Kind::File), Err(Error::NotADirectory { .. })));
        Ok(())
    }
}
