//! A picture as a file.

use crate::Result;
use crate::files::write_tensors;
use crate::pictures::{picture, tensor, to_nchw};
use candle_core::{Device, Tensor};
use pyramid::Picture;
use std::path::{Path, PathBuf};

/// What a picture is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// 8 bits a channel.
    #[default]
    Png,
    /// The tensor itself: `image`, `[1, C, H, W]` in [-1, 1].
    Safetensors,
}

impl Format {
    /// The file name's extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Safetensors => "safetensors",
        }
    }

    /// Writes a picture tensor `[1, H, W, C]` to `dir/stem.EXT` and returns the path and the picture.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] or [`crate::Error::File`] where the file cannot be written.
    pub fn write(self, image: &Tensor, dir: &Path, stem: &str) -> Result<(PathBuf, Picture)> {
        let path = dir.join(format!("{stem}.{}", self.extension()));
        let picture = picture(image)?;
        self.write_to(&picture, &path)?;
        Ok((path, picture))
    }

    /// Writes a picture to `path`, whatever that is called.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] or [`crate::Error::File`] where the file cannot be written.
    pub fn write_to(self, picture: &Picture, path: &Path) -> Result<()> {
        match self {
            Self::Png => picture.save_png(path)?,
            Self::Safetensors => {
                let image = to_nchw(&tensor(picture, &Device::Cpu)?)?;
                write_tensors(path, vec![("image".into(), image)], None)?
            }
        }
        Ok(())
    }
}
