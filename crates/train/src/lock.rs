//! Keeps a run directory for one process, and notices when it is no longer where it was.

use crate::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The file that is locked where directories cannot be.
const FILE: &str = "lock";

/// A run directory that no other process trains for as long as this lives.
///
/// The directory itself is locked, on Windows and other systems that cannot do that a file in it. On network file systems
/// without locks nothing keeps two processes apart.
#[derive(Debug)]
pub(crate) struct Lock {
    dir: PathBuf,
    /// The directory, where it can be opened.
    directory: Option<File>,
    /// What is locked, where that is not the directory.
    _file: Option<File>,
}

impl Lock {
    /// Locks the run directory `dir`.
    ///
    /// # Errors
    /// [`Error::InUse`] where another process has locked it, [`Error::File`] where it cannot be opened.
    pub(crate) fn take(dir: &Path) -> Result<Self> {
        let directory = File::open(dir).ok();
        if let Some(directory) = &directory
            && locked(directory, dir)?
        {
            let directory = directory.try_clone().map_err(Error::io(dir))?;
            return Ok(Self { dir: dir.to_path_buf(), directory: Some(directory), _file: None });
        }
        let path = dir.join(FILE);
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
        let file = file.map_err(Error::io(&path))?;
        locked(&file, dir)?;
        Ok(Self { dir: dir.to_path_buf(), directory, _file: Some(file) })
    }

    /// Checks that the locked directory is still at its path. It is called before everything that is written, so that a run
    /// that was moved never writes into another one that was put in its place.
    ///
    /// # Errors
    /// [`Error::Moved`] where it is not.
    pub(crate) fn check(&self) -> Result<()> {
        let moved = || Error::Moved { path: self.dir.clone() };
        let Some(directory) = &self.directory else { return Ok(()) };
        match (directory.metadata(), std::fs::metadata(&self.dir)) {
            (Ok(held), Ok(there)) if same(&held, &there) => Ok(()),
            _ => Err(moved()),
        }
    }
}

#[cfg(unix)]
fn same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// An open directory cannot be moved there.
#[cfg(not(unix))]
fn same(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

/// Locks `file`; `false` where that cannot be done there.
fn locked(file: &File, dir: &Path) -> Result<bool> {
    // A child process that is just being started may hold a copy of a released lock for a moment.
    for _ in 0..20 {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(_)) => return Ok(false),
        }
    }
    Err(Error::InUse { path: dir.to_path_buf() })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_replaced_is_noticed() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let parent = tempfile::tempdir()?;
        let (dir, elsewhere) = (parent.path().join("run"), parent.path().join("elsewhere"));
        std::fs::create_dir(&dir)?;
        let lock = Lock::take(&dir)?;
        lock.check()?;
        assert!(matches!(Lock::take(&dir), Err(Error::InUse { .. })));
        std::fs::rename(&dir, &elsewhere)?;
        assert!(matches!(lock.check(), Err(Error::Moved { .. })));
        std::fs::create_dir(&dir)?;
        assert!(matches!(lock.check(), Err(Error::Moved { .. })));
        // The new one is free.
        Lock::take(&dir)?.check()?;
        std::fs::remove_dir(&dir)?;
        std::fs::rename(&elsewhere, &dir)?;
        lock.check()?;
        Ok(())
    }
}
