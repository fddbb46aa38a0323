//! Reads files that may have been replaced by something that is no file.

use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Opens the file at `path` for reading. Directories, pipes and devices are refused, and nothing waits for the other end of a
/// pipe.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::Io`].
pub fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    let file = options.open(path).map_err(Error::io(path))?;
    if file.metadata().map_err(Error::io(path))?.is_file() {
        return Ok(file);
    }
    Err(Error::NotAFile { path: path.to_path_buf() })
}

/// The contents of the file at `path`, which must have at most `most` bytes.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::TooLarge`], [`Error::Io`].
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata().map_err(Error::io(path))?.len();
    if length > most {
        return Err(Error::TooLarge { path: path.to_path_buf(), length, most });
    }
    let mut bytes = Vec::new();
    // A file that grows meanwhile is not read beyond.
    file.take(most).read_to_end(&mut bytes).map_err(Error::io(path))?;
    Ok(bytes)
}

/// As [`read`], for text.
///
/// # Errors
/// As [`read`]; [`Error::Io`] where it is no UTF-8.
pub fn read_to_string(path: &Path, most: u64) -> Result<String> {
    let bytes = read(path, most)?;
    let invalid = |_| io::Error::new(ErrorKind::InvalidData, "is no text in UTF-8");
    String::from_utf8(bytes).map_err(invalid).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn what_is_no_file_is_refused_at_once() -> Outcome {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a");
        std::fs::write(&path, "abc")?;
        assert_eq!(read_to_string(&path, 3)?, "abc");
        assert!(matches!(read(&path, 2), Err(Error::TooLarge { length: 3, most: 2, .. })));
        assert!(matches!(read(dir.path(), 9), Err(Error::NotAFile { .. } | Error::Io { .. })));
        #[cfg(unix)]
        for special in ["/dev/zero", "/dev/tty"] {
            assert!(read(Path::new(special), 9).is_err(), "{special}");
        }
        #[cfg(target_os = "linux")]
        {
            let pipe = dir.path().join("pipe");
            if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|s| s.success()) {
                assert!(matches!(read(&pipe, 9), Err(Error::NotAFile { .. })));
            }
        }
        std::fs::write(&path, [255])?;
        assert!(read_to_string(&path, 9).is_err());
        Ok(())
    }
}
