//! 3x3 convolutions by Winograd's minimal filtering, F(6x6, 3x3), and their weight gradients as F(3x3, 6x6).
//!
//! An output tile of 6x6 takes 64 products a pair of channels, not 324. Input and filter are transformed to the
//! values of polynomials at the points 0, inf, 1, -1, 2, -2, 1/2, -1/2 along each axis; the 64 values ("positions")
//! are independent matrix products over the channels; the output transform interpolates. In f32 the relative error
//! is about 3e-6 (4e-7 for a direct sum, 1.6e-6 for F(4x4, 3x3)).
//!
//! The weight gradient is the same bilinear form read the other way: the input transform is shared, the output's
//! gradient goes through the transpose of the output transform, sums run over tiles, not channels, and the
//! transpose of the filter transform ends it.

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
/// Side of an input tile, and points along an axis.
const IN: usize = 8;
/// Positions.
const POSITIONS: usize = IN * IN;

/// Where the tiles of a batch lie, and how their channels are padded.
#[derive(Clone, Copy)]
struct Grid {
    shape: ConvShape,
    /// Tiles down a picture.
    down: usize,
    /// Tiles across a picture.
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
    /// Of its first row in the output.
    y: usize,
    /// Of its first column in the output.
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

    /// All tiles of the batch.
    fn tiles(&self) -> usize {
        self.shape.n * self.down * self.across
    }

    #[inline(always)]
    fn tile(&self, index: usize) -> Tile {
        let row = index / self.across;
        Tile { picture: row / self.down, y: row % self.down * OUT, x: index % self.across * OUT }
    }
}

/// The distance between positions in a block of `tiles` tiles of `channels` channels: an odd number of cache lines,
/// so that the 64 positions of a tile do not fall into the same few sets of the cache.
fn position_stride(tiles: usize, channels: usize) -> usize {
    ((tiles * channels).div_ceil(16) | 1) * 16
}
