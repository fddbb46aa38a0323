//! Sheets: several pictures arranged on one.
//!
//! The background is mid gray, or transparent if any picture has alpha. Pictures with different channels are
//! widened to a common form: gray becomes RGB if any picture is RGB, and all pictures get an opaque alpha if
//! any picture has alpha.

use ndarray::{Array3, s};

use crate::picture::{colours, has_alpha};
use crate::{Picture, Size};

/// The width in pixels of the gaps between the stages of a [`pyramid_sheet`], and of its margin.
const PYRAMID_GAP: usize = 4;

/// Arranges pictures row by row in `columns` columns (at least 1), with gaps of `gap` pixels.
///
/// A column is as wide as its widest picture, and a row as high as its highest; smaller pictures lie at the
/// top left of their cell. If there are fewer pictures than `columns`, the sheet has only as many columns as
/// pictures. Without pictures, the sheet is one pixel of background.
pub fn contact_sheet(pictures: &[Picture], columns: usize, gap: usize) -> Picture {
    let columns = columns.clamp(1, pictures.len().max(1));
    let mut heights = vec![0; pictures.len().div_ceil(columns)];
    let mut widths = vec![0; columns];
    for (i, picture) in pictures.iter().enumerate() {
        let (height, width) = picture.size();
        heights[i / columns] = height.max(heights[i / columns]);
        widths[i % columns] = width.max(widths[i % columns]);
    }
    let (tops, height) = starts(&heights, gap);
    let (lefts, width) = starts(&widths, gap);
    let corners = (0..pictures.len()).map(|i| (tops[i / columns], lefts[i % columns]));
    place(pictures, corners, (height, width))
}

/// Arranges stages side by side in their true sizes, aligned at the bottom, with small gaps and a margin.
pub fn pyramid_sheet(stages: &[Picture]) -> Picture {
    let widths: Vec<usize> = stages.iter().map(|stage| stage.size().1).collect();
    let (lefts, width) = starts(&widths, PYRAMID_GAP);
    let bottom = stages.iter().map(|stage| stage.size().0).max().unwrap_or(0);
    let corners = stages
        .iter()
        .zip(lefts)
        .map(|(stage, left)| (PYRAMID_GAP + bottom - stage.size().0, PYRAMID_GAP + left));
    place(stages, corners, (bottom + 2 * PYRAMID_GAP, width + 2 * PYRAMID_GAP))
}

/// The position where each of these lengths starts, with `gap` between them, and the position where the last
/// ends.
fn starts(lengths: &[usize], gap: usize) -> (Vec<usize>, usize) {
    let mut end = 0;
    let starts = lengths.iter().enumerate().map(|(i, length)| {
        let start = end + if i == 0 { 0 } else { gap };
        end = start + length;
        start
    });
    (starts.collect(), end)
}

/// A sheet of this height and width, with each picture at its corner (top, left).
fn place(pictures: &[Picture], corners: impl Iterator<Item = Size>, size: Size) -> Picture {
    let pictures: Vec<Picture> = pictures.iter().map(Picture::visible).collect();
    let colours = pictures.iter().map(|picture| colours(picture.channels())).max().unwrap_or(1);
    let alpha = pictures.iter().any(|picture| has_alpha(picture.channels()));
    let channels = colours + usize::from(alpha);
    let mut sheet = Array3::zeros((size.0.max(1), size.1.max(1), channels));
    sheet.slice_mut(s![.., .., colours..]).fill(-1.0);
    for (picture, (top, left)) in pictures.iter().zip(corners) {
        let (height, width) = picture.size();
        sheet
            .slice_mut(s![top..top + height, left..left + width, ..])
            .assign(&picture.widened(channels).pixels());
    }
    Picture::trusted(sheet)
}
