//! Directories for results that are written one by one.

use crate::refusal::refusal;
use anyhow::Result;
use consingan::{Kind, Place};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A directory for results that are written one by one, to which no other program writes. Where nothing was
/// written to it, it is removed at the end.
#[derive(Debug)]
pub(crate) struct Folder {
    /// The directory.
    pub(crate) path: PathBuf,
    is_new: bool,
    /// Keeps others from a directory in which nothing is yet.
    _lock: Option<File>,
}

impl Folder {
    /// Makes the directory. Existing contents are never overwritten.
    ///
    /// # Errors
    /// Where there is something in it, or it cannot be made or written to.
    pub(crate) fn claim(place: &Place) -> Result<Self> {
        place.check(Kind::Directory)?;
        let (path, is_new) = loop {
            let path = place.path();
            let parent = path.parent().unwrap_or(Path::new(""));
            fs::create_dir_all(parent).map_err(files::Error::io(&path))?;
            match fs::create_dir(&path) {
                Ok(()) => break (path, true),
                Err(e) if e.kind() != ErrorKind::AlreadyExists => {
                    return Err(files::Error::io(&path)(e).into());
                }
                // Another program took the free name, or the directory was made for the results.
                Err(_) if matches!(place, Place::Free { .. }) => {}
                Err(_) => break (path, false),
            }
        };
        // Where directories cannot be locked, what is in them still counts.
        let lock = File::open(&path).ok();
        let locked = lock.as_ref().is_some_and(|dir| matches!(dir.try_lock(), Err(TryLockError::WouldBlock)));
        let mut entries = fs::read_dir(&path).map_err(files::Error::io(&path))?;
        if locked || entries.next().is_some() {
            let what = format!("{}: exists already", path.display());
            return Err(refusal(what, "choose another name or remove it"));
        }
        Ok(Self { path, is_new, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // A directory that is not empty stays.
            let _ = fs::remove_dir(&self.path);
        }
    }
}
