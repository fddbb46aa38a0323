//! Rows of the input with their padding, for the algorithms that work row by row.

use super::ConvShape;

/// Some rows of one padded picture.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// The values, beginning with the first (padding) pixel of the first row.
    pub data: &'a [f32],
    /// Distance from one row to the next, in numbers.
    pub row: usize,
}

/// Output rows of a task. More rows mean that fewer input rows are copied and read twice; fewer rows mean
/// that there are more tasks.
pub(super) fn band(shape: &ConvShape) -> usize {
    if shape.n * shape.out_h() >= 256 { 8 } else { 4 }
}

/// The length of the buffer that [`padded`] needs for `rows` rows.
pub(super) fn padded_len(shape: &ConvShape, rows: usize) -> usize {
    if shape.pad == 0 { 0 } else { rows * (shape.w + 2 * shape.pad) * shape.ci }
}

/// `rows` padded rows of `picture` beginning with row `first`, where row 0 is the first row of padding.
/// Without padding these are part of `x`; with padding they are a copy in `buffer`.
pub(super) fn padded<'a>(
    shape: &ConvShape,
    x: &'a [f32],
    (picture, first, rows): (usize, usize, usize),
    buffer: &'a mut [f32],
) -> Rows<'a> {
    let line = shape.w * shape.ci;
    let picture = &x[picture * shape.h * line..][..shape.h * line];
    if shape.pad == 0 {
        return Rows { data: &picture[first * line..][..rows * line], row: line };
    }
    let (row, margin) = ((shape.w + 2 * shape.pad) * shape.ci, shape.pad * shape.ci);
    for (index, to) in buffer.chunks_exact_mut(row).take(rows).enumerate() {
        match (first + index).checked_sub(shape.pad).filter(|&y| y < shape.h) {
            None => to.fill(0.0),
            Some(y) => {
                to[..margin].fill(0.0);
                to[margin..margin + line].copy_from_slice(&picture[y * line..][..line]);
                to[margin + line..].fill(0.0);
            }
        }
    }
    Rows { data: &buffer[..rows * row], row }
}
