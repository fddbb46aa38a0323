//! What an animation is written as, and what each format can express.

use limits::{OutOfRange, within};
use pyramid::Size;
use std::path::Path;

/// What an animation is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A GIF that loops.
    Gif,
    /// A lossless animated WebP that loops.
    Webp,
    /// A directory of `frame-0000.png` and so on.
    Png,
}

/// The smallest rate, frames a second.
const SLOWEST: f64 = 0.1;

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Gif, Self::Webp, Self::Png];

    /// Its name and, of a file, the extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Png => "png",
        }
    }

    /// The format of that name or extension, in capitals too.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }

    /// The format that a path's extension names.
    pub fn from_extension(path: &Path) -> Option<Self> {
        path.extension().and_then(|extension| extension.to_str()).and_then(Self::from_name)
    }

    /// The largest rate that it can express, frames a second. Viewers slow down GIFs with shorter delays than
    /// 2/100 s.
    pub fn fastest(self) -> f64 {
        match self {
            Self::Gif => 50.0,
            Self::Webp | Self::Png => 1000.0,
        }
    }

    /// The longest side that it can hold, pixels.
    fn largest(self) -> usize {
        match self {
            Self::Gif => 65_535,
            Self::Webp => 16_384,
            Self::Png => usize::MAX,
        }
    }

    /// Checks that it can express `fps` frames a second of this size.
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
