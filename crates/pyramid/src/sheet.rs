//! Many pictures on one: sheets to look at.
//!
//! The ground is mid gray, transparent where the pictures have alpha. Pictures with different channels get those of all:
//! gray becomes RGB beside RGB, and everything gets an opaque alpha beside a picture that has one.

use ndarray::{Array3, s};

use crate::picture::{colours, has_alpha};
use crate::{Picture, Size};

/// Pixels between the stages of a [`pyramid_sheet`] and around them.
const PYRAMID_GAP: usize = 4;

/// Lays pictures out row by row, `columns` (at least 1) beside each other, `gap` pixels between them.
///
/// A column is as wide as its widest picture, a row as high as its highest; smaller ones lie at the top left of their
/// cell. Fewer pictures than `columns` make a single row of their own width; without pictures the sheet is one pixel of ground.
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

/// Lays stages side by side at their true sizes, standing on a common line, with a small gap and margin.
pub fn pyramid_sheet(stages: &[Picture]) -> Picture {
    let widths: Vec<usize> = stages.iter().map(|stage| stage.size().1).collect();
    let (lefts, width) = starts(&widths, PYRAMID_GAP);
    let floor = stages.iter().map(|stage| stage.size().0).max().unwrap_or(0);
    let corners = stages
        .iter()
        .zip(lefts)
        .map(|(stage, left)| (PYRAMID_GAP + floor - stage.size().0, PYRAMID_GAP + left));
    place(stages, corners, (floor + 2 * PYRAMID_GAP, width + 2 * PYRAMID_GAP))
}

/// Where each of these lengths begins with `gap` between them, and where the last ends.
fn starts(lengths: &[usize], gap: usize) -> (Vec<usize>, usize) {
    let mut end = 0;
    let begins = lengths.iter().enumerate().map(|(i, length)| {
        let begin = end + if i == 0 { 0 } else { gap };
        end = begin + length;
        begin
    });
    (begins.collect(), end)
}

fn place(pictures: &[Picture], corners: impl Iterator<Item = Size>, size: Size) -> Picture {
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
