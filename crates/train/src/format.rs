//! The formats that pictures are written in.

use pyramid::FileFormat;
use std::path::Path;

/// What a picture is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// 8 bits a channel.
    #[default]
    Png,
    /// PNG with 16 bits a channel.
    Png16,
    /// 16 bits a channel, or floats for pictures of floats.
    Tiff,
    /// OpenEXR, floats.
    Exr,
    /// Lossless, 8 bits a channel.
    Webp,
    /// JPEG of quality 95, without transparency.
    Jpeg,
    /// The tensor itself: `image`, `[1, C, H, W]` in [-1, 1].
    Safetensors,
}

impl Format {
    /// The endings of file names that name a format, in any case.
    pub const ENDINGS: [(&'static str, Self); 8] = [
        ("png", Self::Png),
        ("tif", Self::Tiff),
        ("tiff", Self::Tiff),
        ("exr", Self::Exr),
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
            Self::Exr => "exr",
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

    /// The format of a picture's file; `None` for a tensor.
    pub fn file(self) -> Option<FileFormat> {
        Some(match self {
            Self::Png => FileFormat::Png,
            Self::Png16 => FileFormat::Png16,
            Self::Tiff => FileFormat::Tiff,
            Self::Exr => FileFormat::Exr,
            Self::Webp => FileFormat::Webp,
            Self::Jpeg => FileFormat::Jpeg,
            Self::Safetensors => return None,
        })
    }
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Png => Self::Png,
            FileFormat::Png16 => Self::Png16,
            FileFormat::Tiff => Self::Tiff,
            FileFormat::Exr => Self::Exr,
            FileFormat::Webp => Self::Webp,
            FileFormat::Jpeg => Self::Jpeg,
        }
    }
}
