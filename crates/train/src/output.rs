//! How the pictures of a run become files.

use crate::files::write_tensors;
use crate::maps::split;
use crate::pictures::{tensor, to_nchw};
use crate::{Format, Map, Result};
use candle_core::Device;
use pyramid::{Depth, FileFormat, Palette, Picture};
use std::path::{Path, PathBuf};

/// How the pictures of a run, or of a command that changes one picture, become files.
#[derive(Clone, Debug)]
pub struct Output {
    /// What the channels are.
    pub maps: Vec<Map>,
    /// The format; `None` for the one that keeps the precision of each picture.
    pub format: Option<Format>,
    /// Colours to which the first picture is mapped.
    pub palette: Option<Palette>,
}

impl Output {
    /// That of one picture like the one that was loaded.
    pub fn like(loaded: &pyramid::Loaded) -> Self {
        Self { maps: vec![Map::single(loaded)], format: None, palette: None }
    }

    /// The pictures in an array of the run's channels, as they are written.
    ///
    /// # Errors
    /// [`crate::Error::MapChannels`] where the array has other channels.
    pub fn pictures(&self, stack: &Picture) -> Result<Vec<Picture>> {
        let mut pictures = split(&self.maps, stack)?;
        if let (Some(palette), Some(first)) = (&self.palette, pictures.first_mut()) {
            *first = palette.apply(first);
        }
        Ok(pictures)
    }

    /// Writes the pictures in an array of the run's channels to `dir`, as `STEM.EXT` or, where there are several, as
    /// `STEM-NAME.EXT` each, and returns the files. Tensors go to one file together.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] where the format cannot hold a picture, [`crate::Error::File`] where a file cannot be
    /// written.
    pub fn write(&self, stack: &Picture, dir: &Path, stem: &str) -> Result<Vec<PathBuf>> {
        if self.format == Some(Format::Safetensors) {
            let path = dir.join(format!("{stem}.safetensors"));
            write_tensor(stack, &path)?;
            return Ok(vec![path]);
        }
        let mut files = Vec::with_capacity(self.maps.len());
        for (map, picture) in self.maps.iter().zip(self.pictures(stack)?) {
            let file = self.file_format(map);
            let path = dir.join(format!("{}.{}", self.stem(map, stem), Format::from(file).extension()));
            write_picture(&picture, map, file, &path)?;
            files.push(path);
        }
        Ok(files)
    }

    /// Writes the first picture to `path`, whatever that is called.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn write_to(&self, stack: &Picture, path: &Path) -> Result<()> {
        if self.format == Some(Format::Safetensors) {
            return write_tensor(stack, path);
        }
        match (self.maps.first(), self.pictures(stack)?.first()) {
            (Some(map), Some(picture)) => write_picture(picture, map, self.file_format(map), path),
            _ => Ok(()),
        }
    }

    /// The extension of the first picture's file.
    pub fn extension(&self) -> &'static str {
        let own = || self.maps.first().map_or(Format::Png, |map| self.file_format(map).into());
        self.format.unwrap_or_else(own).extension()
    }

    /// The name of a map's file without its extension.
    pub fn stem(&self, map: &Map, stem: &str) -> String {
        if self.maps.len() < 2 { stem.into() } else { format!("{stem}-{}", map.name) }
    }

    /// The maps whose precision the format does not keep, with theirs and what is left.
    pub fn losses(&self) -> Vec<(&Map, Depth, Depth)> {
        let loss = |map| {
            let left = self.file_format(map).depth(&map.encoding());
            (left < map.depth).then_some((map, map.depth, left))
        };
        let tensors = self.format == Some(Format::Safetensors);
        self.maps.iter().filter_map(loss).filter(|_| !tensors).collect()
    }

    fn file_format(&self, map: &Map) -> FileFormat {
        let own = FileFormat::keeping(&map.encoding(), map.channels);
        self.format.and_then(Format::file).unwrap_or(own)
    }
}

fn write_picture(picture: &Picture, map: &Map, format: FileFormat, path: &Path) -> Result<()> {
    let bytes = picture.to_file(format, &map.encoding(), map.profile.as_deref())?;
    Ok(::files::write(path, &bytes)?)
}

fn write_tensor(picture: &Picture, path: &Path) -> Result<()> {
    let image = to_nchw(&tensor(picture, &Device::Cpu)?)?;
    write_tensors(path, vec![("image".into(), image)], None)
}
