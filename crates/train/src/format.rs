//! A picture as a file.

use crate::Result;
use crate::files::write_tensors;
use crate::pictures::{picture, tensor, to_nchw};
use candle_core::{Device, Tensor};
use pyramid::{FileFormat, Picture};
use std::path::{Path, PathBuf};

/// What a picture is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// 8 bits a channel.
    #[default]
    Png,
    /// PNG with 16 bits a channel.
    Png16,
    /// 16 bits a channel.
    Tiff,
    /// Lossless, 8 bits a channel.
    Webp,
    /// JPEG of quality 95, without transparency.
    Jpeg,
    /// The tensor itself: `image`, `[1, C, H, W]` in [-1, 1].
    Safetensors,
}

impl Format {
    /// The endings of file names that name a format, in any case.
    pub const ENDINGS: [(&'static str, Self); 7] = [
        ("png", Self::Png),
        ("tif", Self::Tiff),
        ("tiff", Self::Tiff),
        ("webp", Self::Webp),
        ("jpg", Self::Jpeg),
        ("jpeg", Self::Jpeg),
        ("safetensors", Self::Safetensors),
    ];

    /// The file name's extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png | Self::Png16 => "png",
            Self::Tiff => "tiff",
            Self::Webp => "webp",
            Self::Jpeg => "jpg",
            Self::Safetensors => "safetensors",
        }
    }

    /// The format that the ending of a path names; `None` where it names none.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ENDINGS
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(ending))
            .map(|(_, format)| format)
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
    /// [`crate::Error::Picture`] where the format cannot hold the picture, [`crate::Error::File`] where the file cannot be
    /// written.
    pub fn write_to(self, picture: &Picture, path: &Path) -> Result<()> {
        let file = match self {
            Self::Png => FileFormat::Png,
            Self::Png16 => FileFormat::Png16,
            Self::Tiff => FileFormat::Tiff,
            Self::Webp => FileFormat::Webp,
            Self::Jpeg => FileFormat::Jpeg,
            Self::Safetensors => {
                let image = to_nchw(&tensor(picture, &Device::Cpu)?)?;
                return write_tensors(path, vec![("image".into(), image)], None);
            }
        };
        Ok(::files::write(path, &picture.to_file(file)?)?)
    }
}
