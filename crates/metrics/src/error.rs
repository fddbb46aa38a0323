//! What can be wrong with the pictures handed in.

/// An input that no figure can be computed from. Pictures that are merely too small for one figure are no error:
/// that figure is `None`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The picture's last axis is neither gray nor RGB, with or without alpha.
    #[error("a picture has 1 to 4 channels (gray, gray and alpha, RGB, RGBA), this one has {channels}")]
    Channels {
        /// Length of the last axis.
        channels: usize,
    },
    /// Projection vectors do not fit a patch.
    #[error("projection vectors are columns of 147 values, this matrix is {rows}x{columns}")]
    Vectors {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// The picture has no pixels.
    #[error("a picture has at least one row and one column, this one is {height}x{width}")]
    Empty {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// The picture has more pixels than an index of 32 bits can name.
    #[error("a picture has fewer than 2^32 pixels, this one is {height}x{width}")]
    TooLarge {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// A colour value is not a number, infinite, or outside [-1, 1]; the last usually means pixels in 0..255.
    #[error(
        "pixel values lie in [-1, 1], the one at row {row}, column {column}, channel {channel} is {value}"
    )]
    Value {
        /// Row of the first such value.
        row: usize,
        /// Its column.
        column: usize,
        /// Its channel.
        channel: usize,
        /// The value.
        value: f32,
    },
    /// Two things that are compared pixel by pixel differ in size.
    #[error("both must be {}x{}, but one is {}x{}", expected.0, expected.1, found.0, found.1)]
    SizeMismatch {
        /// Height and width of the first.
        expected: (usize, usize),
        /// Height and width of the other.
        found: (usize, usize),
    },
    /// The pictures are smaller than the window of the structural similarity.
    #[error("structural similarity needs pictures of at least {least}x{least}, this one is {height}x{width}")]
    TooSmall {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// The least number of rows, and of columns.
        least: usize,
    },
    /// A weight of a mask is not a number or outside [0, 1].
    #[error("mask weights lie in [0, 1], the one at row {row}, column {column} is {value}")]
    MaskWeight {
        /// Row of the first such weight.
        row: usize,
        /// Its column.
        column: usize,
        /// The weight.
        value: f32,
    },
    /// There is nothing to evaluate.
    #[error("at least one sample is needed, none was given")]
    NoSamples,
}
