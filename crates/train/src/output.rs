//! How the pictures of a run become files.

use crate::files::write_tensors;
use crate::maps::split;
use crate::pictures::{tensor, to_nchw};
use crate::{Error, Format, Map, Result};
use candle_core::Device;
use ndarray::{Axis, concatenate};
use pyramid::{Depth, FileFormat, Palette, Picture, RowFile, RowSink, Size};
use std::fs::File;
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

    /// Writes the pictures in arrays of the run's channels whose rows come from top to bottom, as [`Output::write`] does
    /// with whole ones, and returns the files. `fill` calls what it is given with the rows of the array.
    ///
    /// # Errors
    /// As [`Output::write`], and that of `fill`; no file is left then.
    pub fn write_strips<E: From<Error> + From<::files::Error> + From<pyramid::Error>>(
        &self,
        size: Size,
        dir: &Path,
        stem: &str,
        fill: impl FnOnce(&mut dyn FnMut(&Picture) -> Result<()>) -> std::result::Result<(), E>,
    ) -> std::result::Result<Vec<PathBuf>, E> {
        if self.format == Some(Format::Safetensors) {
            let mut rows = Vec::new();
            fill(&mut |strip| {
                rows.push(strip.clone());
                Ok(())
            })?;
            let views: Vec<_> = rows.iter().map(Picture::pixels).collect();
            let whole = concatenate(Axis(0), &views).map_err(|e| Error::from(candle_core::Error::wrap(e)))?;
            return Ok(self.write(&Picture::from_pixels(whole).map_err(Error::from)?, dir, stem)?);
        }
        let file = |map: &Map| {
            let format = self.file_format(map);
            dir.join(format!("{}.{}", self.stem(map, stem), Format::from(format).extension()))
        };
        let files: Vec<PathBuf> = self.maps.iter().map(file).collect();
        let open: Vec<(&Map, &Path)> = self.maps.iter().zip(files.iter().map(PathBuf::as_path)).collect();
        self.with_sinks(&open, size, Vec::new(), fill)?;
        Ok(files)
    }

    /// Opens `files`, one after the other, then fills all that are open.
    fn with_sinks<E: From<Error> + From<::files::Error> + From<pyramid::Error>, F>(
        &self,
        files: &[(&Map, &Path)],
        size: Size,
        mut open: Vec<&mut dyn RowSink>,
        fill: F,
    ) -> std::result::Result<(), E>
    where
        F: FnOnce(&mut dyn FnMut(&Picture) -> Result<()>) -> std::result::Result<(), E>,
    {
        let Some((&(map, path), rest)) = files.split_first() else {
            return fill(&mut |strip| {
                for (sink, picture) in open.iter_mut().zip(&self.pictures(strip)?) {
                    sink.write(picture)?;
                }
                Ok(())
            });
        };
        let file = RowFile {
            format: self.file_format(map),
            encoding: map.encoding(),
            profile: map.profile.as_deref(),
            size,
            channels: map.channels,
        };
        ::files::write_with(path, |temporary| {
            let to = File::create(temporary).map_err(Error::io(path))?;
            file.write(to, |sink| self.with_sinks(rest, size, with(open, sink), fill))
        })
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

/// The sinks and one more, for as long as all of them live.
fn with<'a, 'long: 'a>(
    open: Vec<&'a mut (dyn RowSink + 'long)>,
    one: &'a mut (dyn RowSink + 'a),
) -> Vec<&'a mut (dyn RowSink + 'a)> {
    let shorter = |sink: &'a mut (dyn RowSink + 'long)| -> &'a mut (dyn RowSink + 'a) { sink };
    open.into_iter().map(shorter).chain([one]).collect()
}

fn write_picture(picture: &Picture, map: &Map, format: FileFormat, path: &Path) -> Result<()> {
    let bytes = picture.to_file(format, &map.encoding(), map.profile.as_deref())?;
    Ok(::files::write(path, &bytes)?)
}

fn write_tensor(picture: &Picture, path: &Path) -> Result<()> {
    let image = to_nchw(&tensor(picture, &Device::Cpu)?)?;
    write_tensors(path, vec![("image".into(), image)], None)
}
