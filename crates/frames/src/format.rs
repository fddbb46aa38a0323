//! The file formats of animations and their limits.

use limits::{OutOfRange, within};
use pyramid::Size;
use std::path::Path;

/// The file format of an animation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A GIF that loops forever.
    Gif,
    /// A lossless animated WebP that loops forever.
    Webp,
    /// An animated PNG, lossless, that loops forever.
    Apng,
    /// A directory of PNG files named `frame-0000.png`, `frame-0001.png` and so on.
    Png,
}

/// The smallest frame rate of all formats, in frames per second.
const SLOWEST: f64 = 0.1;

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Gif, Self::Webp, Self::Apng, Self::Png];

    /// The name of the format, which for all but PNG is also the file extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Apng => "apng",
            Self::Png => "png",
        }
    }

    /// The format with this name or extension, in upper or lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }

    /// The format that belongs to the extension of a path.
    pub fn from_extension(path: &Path) -> Option<Self> {
        path.extension().and_then(|extension| extension.to_str()).and_then(Self::from_name)
    }

    /// The largest frame rate of the format, in frames per second. For GIF it is 50, because viewers slow
    /// down GIFs with delays of less than 2/100 s.
    pub fn fastest(self) -> f64 {
        match self {
            Self::Gif => 50.0,
            Self::Webp | Self::Apng | Self::Png => 1000.0,
        }
    }

    /// The largest height and width of the format, in pixels.
    fn largest(self) -> usize {
        match self {
            Self::Gif => 65_535,
            Self::Webp => 16_384,
            Self::Apng | Self::Png => usize::MAX,
        }
    }

    /// Checks that the format supports `fps` frames per second and frames of this height and width.
    pub(crate) fn check(self, fps: f64, (height, width): Size) -> Result<(), OutOfRange> {
        within("fps", fps, SLOWEST..=self.fastest()).map_err(|error| OutOfRange {
            expected: format!("{} for {}", error.expected, self.name()),
            ..error
        })?;
        if height.max(width) <= self.largest() {
            return Ok(());
        }
        let expected = format!("at most {} a side for {}", self.largest(), self.name());
        Err(OutOfRange::new("size", format!("{height}x{width}"), expected))
    }
}
