//! The error type: what can be wrong with the pictures that are passed in.

/// An input from which no figure can be computed. A picture that is only too small for one figure is not an
/// error: that figure is `None`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The picture has no channels or more than 4: it is neither gray nor RGB, with or without alpha.
    #[error("a picture has 1 to 4 channels (gray, gray and alpha, RGB, RGBA), this one has {channels}")]
    Channels {
        /// Length of the last axis.
        channels: usize,
    },
    /// The matrix of projection vectors does not have 147 rows (the values of a patch), or has no columns.
    #[error("projection vectors are columns of 147 values, this matrix is {rows}x{columns}")]
    Vectors {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// The picture has no pixels.
    #[error("a picture has at least one row and one column, this one is {height}x{width}")]
    Empty {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// The picture has too many pixels for 32-bit pixel numbers.
    #[error("a picture has fewer than 2^32 pixels, this one is {height}x{width}")]
    TooLarge {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// A colour value is NaN, infinite, or outside [-1, 1]. Values above 1 usually mean that the pixels lie
    /// in 0 to 255.
    #[error(
        "pixel values lie in [-1, 1], the one at row {row}, column {column}, channel {channel} is {value}"
    )]
    Value {
        /// Row of the first such value.
        row: usize,
        /// Column of that value.
        column: usize,
        /// Channel of that value.
        channel: usize,
        /// The value.
        value: f32,
    },
    /// Two pictures, or a picture and a mask, differ in size although they are compared pixel by pixel.
    #[error("both must be {}x{}, but one is {}x{}", expected.0, expected.1, found.0, found.1)]
    SizeMismatch {
        /// Height and width of the first.
        expected: (usize, usize),
        /// Height and width of the other.
        found: (usize, usize),
    },
    /// The pictures are smaller than the window of the structural similarity, 11x11 pixels.
    #[error("structural similarity needs pictures of at least {least}x{least}, this one is {height}x{width}")]
    TooSmall {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
        /// The smallest height and width allowed.
        least: usize,
    },
    /// A weight of a mask is NaN or outside [0, 1].
    #[error("mask weights lie in [0, 1], the one at row {row}, column {column} is {value}")]
    MaskWeight {
        /// Row of the first such weight.
        row: usize,
        /// Column of that weight.
        column: usize,
        /// The weight.
        value: f32,
    },
    /// No sample was given, so that there is nothing to evaluate.
    #[error("at least one sample is needed, none was given")]
    NoSamples,
}
