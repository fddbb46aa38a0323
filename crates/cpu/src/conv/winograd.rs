//! 3x3 convolutions by Winograd's minimal filtering, F(6x6, 3x3), and their weight gradients as F(3x3, 6x6).
//!
//! An output tile of 6x6 pixels takes 64 multiplications for each pair of channels instead of 324. Input and
//! filter are transformed to the values of polynomials at the points 0, inf, 1, -1, 2, -2, 1/2, -1/2 along
//! each axis. At each of the 64 pairs of points (called positions), the product is an independent matrix
//! product over the channels. The output transform interpolates. In f32 the relative error is about 3e-6
//! (4e-7 for a direct sum, 1.6e-6 for F(4x4, 3x3)).
//!
//! The weight gradient uses the same bilinear form: it shares the input transform, transforms the gradient of
//! the output with the transpose of the output transform, sums over tiles instead of channels, and ends with
//! the transpose of the filter transform.

mod ahead;
pub(super) mod conv;
mod filter;
pub(super) mod grad;
mod input;
mod output;
mod transform;

use super::ConvShape;
use crate::simd::Simd;

/// Side of an output tile.
const OUT: usize = 6;
/// Side of an input tile, and number of points along an axis.
const IN: usize = 8;
/// Number of positions.
const POSITIONS: usize = IN * IN;

/// The arrangement of the tiles of a batch, and the padding of their channels.
#[derive(Clone, Copy)]
struct Grid {
    shape: ConvShape,
    /// Number of rows of tiles in a picture.
    down: usize,
    /// Number of columns of tiles in a picture.
    across: usize,
    /// Input channels, rounded up to whole vectors.
    ci: usize,
    /// Output channels, rounded up to whole vectors.
    co: usize,
}

/// A tile of the output.
#[derive(Clone, Copy)]
struct Tile {
    picture: usize,
    /// The first row of the tile in the output.
    y: usize,
    /// The first column of the tile in the output.
    x: usize,
}

impl Grid {
    fn new<S: Simd>(shape: &ConvShape) -> Self {
        Self {
            shape: *shape,
            down: shape.out_h().div_ceil(OUT),
            across: shape.out_w().div_ceil(OUT),
            ci: shape.ci.next_multiple_of(S::WIDTH),
            co: shape.co.next_multiple_of(S::WIDTH),
        }
    }

    /// Number of tiles in the batch.
    fn tiles(&self) -> usize {
        self.shape.n * self.down * self.across
    }

    #[inline(always)]
    fn tile(&self, index: usize) -> Tile {
        let row = index / self.across;
        Tile { picture: row / self.down, y: row % self.down * OUT, x: index % self.across * OUT }
    }
}

/// The distance in numbers between positions in a block of `tiles` tiles of `channels` channels. It is an odd
/// number of cache lines, so that the 64 positions of a tile do not map to the same few sets of the cache.
fn position_stride(tiles: usize, channels: usize) -> usize {
    ((tiles * channels).div_ceil(16) | 1) * 16
}
