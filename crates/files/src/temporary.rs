//! Temporary names, and the removal of what killed programs left under them.

use crate::{Error, Result};
use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The ending of every temporary name.
const ENDING: &str = ".tmp";

/// The temporary path under which `path` is written: a hidden name in the same directory, `.NAME.PID-RANDOM.tmp`. Nobody can
/// foretell it, and so put a link there that would be written through.
pub(crate) fn temporary(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| Error::NoName { path: path.to_path_buf() })?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    // The keys of hash maps are random, and different for each.
    let random = RandomState::new().build_hasher().finish();
    temporary.push(format!(".{}-{random:016x}{ENDING}", std::process::id()));
    Ok(path.with_file_name(temporary))
}

/// Removes the temporary files and directories that killed programs left in `dir`, but not those in its subdirectories.
/// It is not an error if `dir` does not exist. Those of running programs stay where the system tells which these are
/// (Linux); elsewhere no other program may write to `dir` at the same time.
///
/// # Errors
/// [`Error::Io`] with what cannot be removed, or `dir` if it cannot be read.
pub fn remove_temporaries(dir: &Path) -> Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Err(source) if source.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(Error::io(dir))?,
    };
    for entry in entries {
        let entry = entry.map_err(Error::io(dir))?;
        let Some(writer) = writer_of(&entry.file_name()) else { continue };
        if is_running(writer) {
            continue;
        }
        let path = entry.path();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_directory { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            // Another program does the same.
            Err(source) if source.kind() == ErrorKind::NotFound => {}
            removed => removed.map_err(Error::io(&path))?,
        }
    }
    Ok(())
}

/// The number of the process that made a temporary name; `None` for other names.
fn writer_of(name: &OsStr) -> Option<u32> {
    let name = name.to_str()?.strip_prefix('.')?.strip_suffix(ENDING)?;
    let (process, random) = name.rsplit_once('.')?.1.split_once('-')?;
    random.bytes().all(|b| b.is_ascii_hexdigit()).then(|| process.parse().ok())?
}

/// Whether a process of this number runs on this machine, as far as can be told.
fn is_running(process: u32) -> bool {
    process == std::process::id() || Path::new("/proc").join(process.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn only_what_killed_writers_left_is_removed() -> Outcome {
        let dir = tempfile::tempdir()?;
        std::fs::create_dir(dir.path().join(".samples.4294967295-00ff.tmp"))?;
        std::fs::write(dir.path().join(".a.png.4294967295-3.tmp"), "")?;
        std::fs::write(temporary(&dir.path().join("own.png"))?, "")?;
        let others = ["run.json.tmp", ".hidden.tmp", ".a.b-c.tmp", "run.json", ".x.12-zz.tmp"];
        // The first process runs as long as the machine.
        let running = cfg!(target_os = "linux").then_some(".c.png.1-00ff.tmp");
        for name in others.into_iter().chain(running) {
            std::fs::write(dir.path().join(name), "")?;
        }
        remove_temporaries(dir.path())?;
        let left = std::fs::read_dir(dir.path())?.count();
        assert_eq!(left, 1 + others.len() + usize::from(running.is_some()));
        Ok(remove_temporaries(&dir.path().join("missing"))?)
    }

    #[test]
    fn names_differ_each_time() -> Outcome {
        let path = Path::new("there/photo.png");
        let (one, other) = (temporary(path)?, temporary(path)?);
        assert_ne!(one, other);
        assert_eq!(writer_of(one.file_name().unwrap_or_default()), Some(std::process::id()));
        Ok(())
    }
}
