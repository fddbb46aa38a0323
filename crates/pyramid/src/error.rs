//! What can go wrong: one variant per cause. A message is one line that states the facts, with the value and the range
//! that it broke. What to do about it is for the program to say, which knows what its user can change: the fields are
//! what such advice needs.

use crate::picture::Size;
use crate::{MAX_PIXELS, Target};

/// Why a picture could not be read, resized, scheduled or written.
///
/// `name` is the path as the caller gave it, or `the picture` for data that came from memory. Control characters in it
/// are replaced, so that every message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing lies at this path.
    #[error("{name}: no such file")]
    NotFound {
        /// The path.
        name: String,
    },
    /// The path is a directory.
    #[error("{name}: is a directory")]
    Directory {
        /// The path.
        name: String,
    },
    /// The path is a pipe, a socket or a device, from which reading could block forever.
    #[error("{name}: is a pipe or a device, not a file")]
    NotAFile {
        /// The path.
        name: String,
    },
    /// The operating system does not let us read the file.
    #[error("{name}: permission denied")]
    Permission {
        /// The path.
        name: String,
    },
    /// Reading failed for another reason.
    #[error("{name}: cannot be read ({source})")]
    Read {
        /// The path.
        name: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file has no content.
    #[error("{name}: the file is empty")]
    Empty {
        /// The path.
        name: String,
    },
    /// The content begins like no picture format we know.
    #[error("{name}: not a picture")]
    NotAPicture {
        /// The path.
        name: String,
    },
    /// A picture, but of a format or a variant of one that cannot be decoded here.
    #[error("{name}: not supported ({what})")]
    Unsupported {
        /// The path.
        name: String,
        /// The format or feature.
        what: String,
    },
    /// The file ends before the picture does.
    #[error("{name}: truncated {format}, the end of the file is missing")]
    Truncated {
        /// The path.
        name: String,
        /// The file format.
        format: &'static str,
    },
    /// The content contradicts its format.
    #[error("{name}: damaged {format} ({reason})")]
    Damaged {
        /// The path.
        name: String,
        /// The file format.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// The picture has more pixels than [`crate::MAX_PIXELS`].
    #[error("{name}: {width}x{height} pixels, more than the {} megapixels allowed", limit / 1_000_000)]
    TooManyPixels {
        /// The path.
        name: String,
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// The largest number of pixels allowed.
        limit: usize,
    },
    /// The file has more bytes than [`crate::MAX_FILE_BYTES`].
    #[error("{name}: {bytes} bytes, more than the {limit} allowed")]
    TooManyBytes {
        /// The path.
        name: String,
        /// Size of the file.
        bytes: u64,
        /// The largest size allowed.
        limit: u64,
    },
    /// Samples that are no numbers, or floats outside their range.
    #[error("{name}: has samples {found}, expected finite ones in {expected}")]
    Samples {
        /// The path.
        name: String,
        /// What was met.
        found: String,
        /// The range they should lie in.
        expected: &'static str,
    },
    /// An array that is no picture: no pixels, or not 1 to 4 channels.
    #[error(
        "{height}x{width}x{channels} is no picture: height and width must be at least 1, channels 1 to 4"
    )]
    Shape {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// A picture could not be encoded.
    #[error("{name}: cannot be written ({source})")]
    Write {
        /// The path.
        name: String,
        /// What the encoder said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A resize from a picture without pixels, by a factor that is not finite or below 1/65536, or to a picture without
    /// pixels or with more than [`MAX_PIXELS`].
    #[error("{}x{} pixels cannot be resized {}", from.1, from.0, impossible(*from, *target))]
    Resize {
        /// Size of the picture.
        from: Size,
        /// What it should have been resized to.
        target: Target,
    },
    /// A number of the schedule that is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// The coarsest stage is asked to be larger than the finest.
    #[error(
        "the shorter side of the coarsest stage, {min_size} px, is larger than the longer side of the finest, {max_size} px"
    )]
    MinAboveMax {
        /// Shorter side of the coarsest stage.
        min_size: usize,
        /// Longer side of the finest stage.
        max_size: usize,
    },
    /// The coarsest stage would be larger than the finest, so that stages shrink.
    #[error(
        "the shorter side of the coarsest stage, {min_size} px, is larger than that of the finest, which is {short} px where the longer one is at most {max_size} px"
    )]
    Shrinking {
        /// Shorter side of the coarsest stage.
        min_size: usize,
        /// Longer side that the finest stage may have.
        max_size: usize,
        /// Shorter side that the finest stage has with it.
        short: usize,
        /// Size of the picture.
        picture: Size,
        /// The smallest `max_size` for which the finest stage is large enough; none if the picture is too small itself,
        /// or so long that this is outside [`crate::Schedule::SIZES`].
        enough: Option<usize>,
    },
    /// The picture is smaller than what the network sees at once.
    #[error("the picture has {}x{} pixels, but the network sees {smallest} px at once", picture.1, picture.0)]
    PictureTooSmall {
        /// Size of the picture.
        picture: Size,
        /// The network's receptive field.
        smallest: usize,
    },
    /// The picture is large enough, but scaled down to the finest stage it is smaller than what the network sees at once.
    #[error(
        "the finest stage would be {}x{} px, but the network sees {smallest} px at once", size.1, size.0
    )]
    FinestTooSmall {
        /// Size of the finest stage.
        size: Size,
        /// The network's receptive field.
        smallest: usize,
        /// The smallest `max_size` for which the finest stage is large enough; none if the picture is so long that this
        /// is outside [`crate::Schedule::SIZES`].
        enough: Option<usize>,
    },
    /// A stage below the finest is smaller than what the network sees at once.
    #[error("stage {stage} would be {}x{} px, but the network sees {smallest} px at once", size.1, size.0)]
    StageTooSmall {
        /// Number of the stage, coarsest first.
        stage: usize,
        /// Its size.
        size: Size,
        /// The network's receptive field; a `min_size` of as much is enough.
        smallest: usize,
    },
}

/// How a picture of the size `from` cannot be resized, and the range that `target` breaks.
fn impossible(from: Size, target: Target) -> String {
    match target {
        _ if from.0 == 0 || from.1 == 0 => "at all: there is none".into(),
        Target::Size((height, width)) => {
            format!(
                "to {width}x{height}: the result must have 1 pixel to {} megapixels",
                MAX_PIXELS / 1_000_000
            )
        }
        Target::Scale(scale) => format!(
            "by {scale}: it must be at least 1/65536, and the result have at most {} megapixels",
            MAX_PIXELS / 1_000_000
        ),
    }
}
