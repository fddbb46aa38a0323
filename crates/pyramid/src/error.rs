//! What can go wrong: one variant a cause, one line of text each, with the value, its range and the way out.

use crate::picture::Size;

/// Why a picture could not be read, resized, scheduled or written.
///
/// `name` is the path as the caller gave it, or `the picture` for data that came from memory. Every message is one line
/// that ends with what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing lies at this path.
    #[error("{name}: no such file; check the path")]
    NotFound {
        /// The path.
        name: String,
    },
    /// The path is a directory.
    #[error("{name}: is a directory; name one picture file")]
    Directory {
        /// The path.
        name: String,
    },
    /// The path is a pipe, a socket or a device, from which reading could block forever.
    #[error("{name}: is a pipe or a device, not a file; save the picture to a file first")]
    NotAFile {
        /// The path.
        name: String,
    },
    /// The operating system does not let us read the file.
    #[error("{name}: permission denied; make the file readable for this user")]
    Permission {
        /// The path.
        name: String,
    },
    /// Reading failed for another reason.
    #[error("{name}: cannot be read ({source}); check the disk or copy the file elsewhere")]
    Read {
        /// The path.
        name: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file has no content.
    #[error("{name}: the file is empty; copy or download it again")]
    Empty {
        /// The path.
        name: String,
    },
    /// The content begins like no picture format we know.
    #[error("{name}: not a picture; give a JPEG, PNG, WebP, BMP, TIFF or GIF file")]
    NotAPicture {
        /// The path.
        name: String,
    },
    /// A picture, but of a format or a variant of one that cannot be decoded here.
    #[error("{name}: not supported ({what}); convert it to an 8 or 16 bit PNG")]
    Unsupported {
        /// The path.
        name: String,
        /// The format or feature.
        what: String,
    },
    /// The file ends before the picture does.
    #[error("{name}: truncated {format}, the end of the file is missing; copy or download it again")]
    Truncated {
        /// The path.
        name: String,
        /// The file format.
        format: &'static str,
    },
    /// The content contradicts its format.
    #[error("{name}: damaged {format} ({reason}); open it in an image editor and save it anew")]
    Damaged {
        /// The path.
        name: String,
        /// The file format.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// The picture has more pixels than [`crate::MAX_PIXELS`].
    #[error("{name}: {width}x{height} pixels, more than the {} megapixels allowed; scale it down first", limit / 1_000_000)]
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
    #[error("{name}: {bytes} bytes, more than the {limit} allowed; save the picture smaller first")]
    TooManyBytes {
        /// The path.
        name: String,
        /// Size of the file.
        bytes: u64,
        /// The largest size allowed.
        limit: u64,
    },
    /// Samples that are no numbers, or floats outside their range.
    #[error(
        "{name}: has samples {found}, expected finite ones in {expected}; rescale it or save it with 16 bits"
    )]
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
    /// A resize to or by something impossible.
    #[error("cannot resize {}x{} pixels {what}; give {expected}", from.1, from.0)]
    Resize {
        /// Size of the picture.
        from: Size,
        /// The target, in words.
        what: String,
        /// What would be possible.
        expected: String,
    },
    /// A number of the schedule that is outside its range.
    #[error(transparent)]
    Range(#[from] limits::OutOfRange),
    /// The coarsest stage is asked to be larger than the finest.
    #[error(
        "--min-size {min_size} is larger than --max-size {max_size}; lower --min-size to at most {max_size} or raise --max-size"
    )]
    MinAboveMax {
        /// Shorter side of the coarsest stage.
        min_size: usize,
        /// Longer side of the finest stage.
        max_size: usize,
    },
    /// The coarsest stage would be larger than the picture, so that stages shrink.
    #[error(
        "--min-size {min_size} is above the shorter side of the picture, {short} px at --max-size {max_size}; give --min-size {short} or less, or {instead}"
    )]
    Shrinking {
        /// Shorter side of the coarsest stage.
        min_size: usize,
        /// Longer side of the finest stage.
        max_size: usize,
        /// Shorter side of the finest stage.
        short: usize,
        /// Another way out.
        instead: String,
    },
    /// A stage is smaller than what the network sees at once.
    #[error("stage {stage} would be {}x{} px, but the network sees {smallest} px at once; {fix}", size.1, size.0)]
    StageTooSmall {
        /// Number of the stage, coarsest first.
        stage: usize,
        /// Its size.
        size: Size,
        /// The network's receptive field.
        smallest: usize,
        /// What to change.
        fix: String,
    },
}
