//! Advice on pictures, their sizes and their figures.

use super::{Flags, files};
use pyramid::Error;

/// The longest side that `--max-size` takes.
const MAX_SIZE: usize = 8192;

/// Hints on errors of `pyramid`.
pub(super) fn pyramid(error: &Error, flags: &Flags) -> Option<String> {
    let text = match *error {
        Error::NotFound { .. } => "check the path",
        Error::Directory { .. } => "name one picture file",
        Error::NotAFile { .. } => "save the picture to a file first",
        Error::Permission { .. } => "make the file readable for this user",
        Error::Read { .. } => "check the disk or copy the file elsewhere",
        Error::Empty { .. } | Error::Truncated { .. } => "copy or download it again",
        Error::NotAPicture { .. } => "give a JPEG, PNG, WebP, BMP, TIFF or GIF file",
        Error::Unsupported { .. } => "convert it to an 8 or 16 bit PNG",
        Error::Damaged { .. } => "open it in an image editor and save it anew",
        Error::TooManyPixels { .. } => "scale it down first",
        Error::TooManyBytes { .. } => "save the picture smaller first",
        Error::Samples { .. } => "rescale it or save it with 16 bits",
        Error::File(ref e) => return files::files(e, flags),
        Error::Write { .. } => "check that the directory exists, is writable and has space",
        _ => return sizes(error, flags),
    };
    Some(text.into())
}

/// Hints on stages that are impossible for a picture.
fn sizes(error: &Error, flags: &Flags) -> Option<String> {
    match *error {
        Error::MinAboveMax { min_size, max_size } => flags.ways(&[
            &format!("give --min-size {max_size} or less"),
            &format!("give --max-size {min_size} or more"),
        ]),
        Error::Shrinking { min_size, short, picture, enough, .. } => {
            let larger = if picture.0.min(picture.1) < min_size {
                "use a larger picture".into()
            } else {
                longer_side(enough)
            };
            flags.ways(&[&format!("give --min-size {short} or less"), &larger])
        }
        Error::PictureTooSmall { smallest, .. } => {
            Some(format!("use a picture whose shorter side is at least {smallest} px"))
        }
        Error::FinestTooSmall { enough, .. } => flags.ways(&[&longer_side(enough)]),
        Error::StageTooSmall { smallest, .. } => {
            flags.ways(&[&format!("give --min-size {smallest} or more")])
        }
        _ => None,
    }
}

/// The hint for a picture that is large enough, but becomes too small when its longer side is scaled down to
/// `--max-size`.
fn longer_side(enough: Option<usize>) -> String {
    match enough.filter(|&max_size| max_size <= MAX_SIZE) {
        Some(max_size) => format!("give --max-size {max_size} or more"),
        None => "crop the picture's longer side".into(),
    }
}

/// Hints on errors of `metrics`.
pub(super) fn metrics(error: &metrics::Error) -> Option<String> {
    match error {
        metrics::Error::SizeMismatch { .. } => Some("give pictures of one size".into()),
        metrics::Error::NoSamples => Some("give at least one sample".into()),
        _ => None,
    }
}
