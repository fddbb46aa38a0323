//! The error type of this crate, with one variant per cause. A message is one line that states the facts,
//! with the value and the range that it violates. Only the program that uses the crate knows what its user
//! can change, so messages give no advice; the fields contain what a program needs to give it.

use crate::picture::Size;
use crate::{MAX_PIXELS, Target};

/// Why a picture could not be read, resized, scheduled or written.
///
/// `name` is the path given by the caller, or `the picture` for data from memory. Control characters in it
/// are replaced, so that every message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing exists at this path.
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
    /// The operating system denies permission to read the file.
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
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file has no content.
    #[error("{name}: the file is empty")]
    Empty {
        /// The path.
        name: String,
    },
    /// The content does not start like any known picture format.
    #[error("{name}: not a picture")]
    NotAPicture {
        /// The path.
        name: String,
    },
    /// The file is a picture, but its format or a feature that it uses is not supported.
    #[error("{name}: not supported ({what})")]
    Unsupported {
        /// The path.
        name: String,
        /// The format or feature that is not supported.
        what: String,
    },
    /// The end of the file is missing.
    #[error("{name}: truncated {format}, the end of the file is missing")]
    Truncated {
        /// The path.
        name: String,
        /// The file format.
        format: &'static str,
    },
    /// The content is not valid in its format.
    #[error("{name}: damaged {format} ({reason})")]
    Damaged {
        /// The path.
        name: String,
        /// The file format.
        format: &'static str,
        /// The message of the decoder.
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
        /// Size of the file in bytes.
        bytes: u64,
        /// The largest size allowed, in bytes.
        limit: u64,
    },
    /// The file has no page of this number.
    #[error("{name}: has no page {page}: {}", match pages { 1 => "there is one".into(), n => format!("there are {n}") })]
    Page {
        /// The path.
        name: String,
        /// The page, from 1.
        page: usize,
        /// How many there are.
        pages: usize,
    },
    /// The picture contains samples that are NaN or infinite.
    #[error("{name}: has samples {found}, expected finite ones in {expected}")]
    Samples {
        /// The path.
        name: String,
        /// The first invalid sample, as the end of the phrase "has samples ...".
        found: String,
        /// The range allowed.
        expected: &'static str,
    },
    /// The array is not a picture: it has no pixels, or its number of channels is not 1 to 16.
    #[error(
        "{height}x{width}x{channels} is no picture: height and width must be at least 1, channels 1 to 16"
    )]
    Shape {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
        /// Number of channels.
        channels: usize,
    },
    /// A picture could not be encoded.
    #[error("{name}: cannot be written ({source})")]
    Write {
        /// The path.
        name: String,
        /// The error of the encoder.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A resize is not possible: the picture has no pixels, the factor is not finite or below 1/65536, or the
    /// result would have no pixels or more than [`MAX_PIXELS`].
    #[error("{}x{} pixels cannot be resized {}", from.1, from.0, impossible(*from, *target))]
    Resize {
        /// Height and width of the picture in pixels.
        from: Size,
        /// The target of the resize.
        target: Target,
    },
    /// A number of the schedule is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// `min_size` is larger than `max_size`.
    #[error(
        "the shorter side of the coarsest stage, {min_size} px, is larger than the longer side of the finest, {max_size} px"
    )]
    MinAboveMax {
        /// Shorter side of the coarsest stage in pixels.
        min_size: usize,
        /// Longer side of the finest stage in pixels.
        max_size: usize,
    },
    /// The coarsest stage would be larger than the finest, so that the stages would shrink.
    #[error(
        "the shorter side of the coarsest stage, {min_size} px, is larger than that of the finest, which is {short} px where the longer one is at most {max_size} px"
    )]
    Shrinking {
        /// Shorter side of the coarsest stage in pixels.
        min_size: usize,
        /// Longer side of the finest stage in pixels, at most.
        max_size: usize,
        /// Shorter side in pixels that the finest stage has with this `max_size`.
        short: usize,
        /// Height and width of the picture in pixels.
        picture: Size,
        /// The smallest `max_size` for which the finest stage is large enough. `None` if the picture itself
        /// is too small, or so elongated that this value is outside [`crate::Schedule::SIZES`].
        enough: Option<usize>,
    },
    /// The picture is smaller than the receptive field of the network.
    #[error("the picture has {}x{} pixels, but the network sees {smallest} px at once", picture.1, picture.0)]
    PictureTooSmall {
        /// Height and width of the picture in pixels.
        picture: Size,
        /// Side of the receptive field of the network in pixels.
        smallest: usize,
    },
    /// The picture is large enough, but after scaling to the finest stage it is smaller than the receptive
    /// field of the network.
    #[error(
        "the finest stage would be {}x{} px, but the network sees {smallest} px at once", size.1, size.0
    )]
    FinestTooSmall {
        /// Height and width of the finest stage in pixels.
        size: Size,
        /// Side of the receptive field of the network in pixels.
        smallest: usize,
        /// The smallest `max_size` for which the finest stage is large enough. `None` if the picture is so
        /// elongated that this value is outside [`crate::Schedule::SIZES`].
        enough: Option<usize>,
    },
    /// A stage before the finest is smaller than the receptive field of the network.
    #[error("stage {stage} would be {}x{} px, but the network sees {smallest} px at once", size.1, size.0)]
    StageTooSmall {
        /// Number of the stage, from 0 for the coarsest.
        stage: usize,
        /// Height and width of the stage in pixels.
        size: Size,
        /// Side of the receptive field of the network in pixels. A `min_size` of this value is enough.
        smallest: usize,
    },
}

/// The end of the message of [`Error::Resize`]: the target, and the range that it violates.
fn impossible(from: Size, target: Target) -> String {
    match target {
        _ if from.0 == 0 || from.1 == 0 => "at all: there is none".into(),
        Target::Size((height, width)) | Target::Factors { size: (height, width), .. } => {
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
