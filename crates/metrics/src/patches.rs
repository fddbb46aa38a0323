//! The 7x7 patches of a picture and their positions.

use ndarray::Array2;

use crate::picture::Picture;

/// Side of a patch in pixels.
pub const PATCH: usize = 7;

/// Distance in pixels between neighbouring patches where a figure is a mean over patches.
pub const STRIDE: usize = 2;

/// Number of values in an RGB patch: 147.
pub(crate) const VALUES: usize = PATCH * PATCH * 3;

/// The positions of a picture's patches, numbered row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Number of rows of positions.
    pub rows: usize,
    /// Number of positions in a row.
    pub columns: usize,
    /// Distance in pixels from one position to the next, in both directions.
    pub stride: usize,
}

impl Grid {
    /// The positions in a picture of this height and width in pixels; `None` if no patch fits. A stride of 0
    /// counts as 1.
    pub fn new((height, width): (usize, usize), stride: usize) -> Option<Self> {
        let along = |length: usize| length.checked_sub(PATCH).map(|rest| rest / stride.max(1) + 1);
        Some(Self { rows: along(height)?, columns: along(width)?, stride: stride.max(1) })
    }

    /// The number of positions, `rows * columns`.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }
}

/// The patches of one row of a grid as a matrix, `columns` x 147. Each patch is one line of the matrix,
/// flattened in the order channel, row, column.
pub(crate) fn row_of_patches(picture: &Picture, grid: Grid, row: usize) -> Array2<f32> {
    let top = row * grid.stride;
    let lines: [&[f32]; PATCH] = std::array::from_fn(|line| picture.row(top + line));
    Array2::from_shape_fn((grid.columns, VALUES), |(column, value)| {
        let (channel, within) = (value / (PATCH * PATCH), value % (PATCH * PATCH));
        lines[within / PATCH][(column * grid.stride + within % PATCH) * 3 + channel]
    })
}

/// Squared distance of two patches, given by their top left pixels (row, column): the sum over 147 values. As
/// soon as the sum exceeds `limit`, the incomplete sum is returned.
pub(crate) fn distance(
    a: &Picture,
    (a_row, a_column): (usize, usize),
    b: &Picture,
    (b_row, b_column): (usize, usize),
    limit: f32,
) -> f32 {
    const LINE: usize = PATCH * 3;
    let mut sum = 0.0;
    for line in 0..PATCH {
        let a = &a.row(a_row + line)[a_column * 3..][..LINE];
        let b = &b.row(b_row + line)[b_column * 3..][..LINE];
        let mut lanes = [0.0f32; 4];
        for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
            for lane in 0..4 {
                lanes[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
            }
        }
        let last = a[LINE - 1] - b[LINE - 1];
        sum += (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + last * last;
        if sum > limit {
            break;
        }
    }
    sum
}
