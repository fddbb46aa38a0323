//! The source of a picture: a file, or memory.

use crate::Result;
use pyramid::{Picture, Reading, load_with};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use train::{Given, Map, maps};

/// A picture that is given: a file, by its path, or one in memory.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// A JPEG, PNG, WebP, BMP, TIFF, OpenEXR, Radiance HDR or GIF file (the first frame or page).
    File(PathBuf),
    /// A picture in memory, and the file name that it would have.
    Memory {
        /// The picture.
        picture: Cow<'a, Picture>,
        /// The file name that a run records.
        name: String,
    },
    /// Several aligned pictures, which a run generates together.
    Aligned {
        /// The pictures, of one size and with different names.
        pictures: Vec<Given>,
        /// The file name that a run records.
        name: String,
    },
}

/// A picture that was read.
pub(crate) struct Opened<'a> {
    pub(crate) picture: Cow<'a, Picture>,
    pub(crate) name: String,
    /// What its channels are.
    pub(crate) maps: Vec<Map>,
}

impl<'a> Source<'a> {
    /// The picture, its file name, and what its channels are.
    pub(crate) fn open(self) -> Result<Opened<'a>> {
        match self {
            Self::File(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let loaded = load_with(&path, &Reading::default())?;
                let maps = vec![Map::single(&loaded)];
                Ok(Opened { picture: Cow::Owned(loaded.picture), name, maps })
            }
            Self::Memory { picture, name } => Ok(Opened { picture, name, maps: Vec::new() }),
            Self::Aligned { pictures, name } => {
                let (picture, maps) = maps::stack(&pictures)?;
                Ok(Opened { picture: Cow::Owned(picture), name, maps })
            }
        }
    }

    /// The picture and its file name.
    pub(crate) fn load(self) -> Result<(Cow<'a, Picture>, String)> {
        let Opened { picture, name, .. } = self.open()?;
        Ok((picture, name))
    }

    /// The picture alone.
    pub(crate) fn picture(self) -> Result<Cow<'a, Picture>> {
        Ok(self.load()?.0)
    }
}

/// One picture of aligned ones, as a run's networks take it, and what its channels are.
///
/// # Errors
/// [`crate::Error::Train`] for pictures that are not aligned.
pub fn stack(pictures: &[Given]) -> Result<(Picture, Vec<Map>)> {
    Ok(maps::stack(pictures)?)
}

/// The path `directory/STEM` with an addition, where STEM is the file name without its extension.
pub(crate) fn usual_place(directory: &str, name: &str, addition: &str) -> PathBuf {
    let mut stem = Path::new(name).file_stem().unwrap_or_default().to_os_string();
    stem.push(addition);
    Path::new(directory).join(stem)
}

/// Calls `make` with the directory that was given or, where none was, with the first free name of the usual one, and with the
/// next as long as others are faster.
pub(crate) fn make_at<T>(
    given: Option<&Path>,
    usual: &Path,
    mut make: impl FnMut(&Path) -> Result<T>,
) -> Result<T> {
    if let Some(given) = given {
        return make(given);
    }
    loop {
        match make(&files::free_name(usual, "")) {
            Err(error) if error.is_taken() => {}
            made => return made,
        }
    }
}

impl From<&str> for Source<'_> {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

impl From<&Path> for Source<'_> {
    fn from(path: &Path) -> Self {
        Self::File(path.into())
    }
}

impl From<PathBuf> for Source<'_> {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for Source<'_> {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<Picture> for Source<'_> {
    fn from(picture: Picture) -> Self {
        Self::Memory { picture: Cow::Owned(picture), name: "picture".into() }
    }
}

impl<'a> From<&'a Picture> for Source<'a> {
    fn from(picture: &'a Picture) -> Self {
        Self::Memory { picture: Cow::Borrowed(picture), name: "picture".into() }
    }
}
