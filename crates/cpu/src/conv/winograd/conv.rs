//! The convolution. Each block of tiles passes through input transform, 64 matrix products and output
//! transform while it stays in the L2 cache of one core.
#![allow(unsafe_code)] // tasks write disjoint parts of one output

use std::mem::MaybeUninit;
use std::ops::Range;

use super::super::gemm::{Product, ROWS};
use super::super::{ConvShape, Epilogue, Filter, streams};
use super::ahead::{Ahead, Source};
use super::filter::{Packing, transform};
use super::input::{Block, Points, ReadInput};
use super::output::WriteOutput;
use super::{Grid, POSITIONS, position_stride};
use crate::pool::{parallel_ahead, threads};
use crate::scratch::{self, Use};
use crate::simd::{Shared, Simd};

/// Maximum size of the transformed tiles of a block in bytes. It is less than half of an L2 cache of 1 MiB,
/// because the filters (1 MiB at 64 channels) stream through the cache and prefetched data must not be
/// evicted. With fewer tiles in a block, the filters would be read more often.
const BLOCK_BYTES: usize = 400 << 10;

/// Writes the convolution of `x` with `filter` to all of `y`. The caller has checked the lengths.
pub(in crate::conv) fn conv<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    let grid = Grid::new::<S>(shape);
    let packing = Packing::new::<S>(&grid);
    let stream = streams::<S>(shape, y);
    let y = Shared::new(y);
    scratch::with(Use::Filter, POSITIONS * packing.position, |u| {
        transform(s, &grid, filter, packing, u);
        let (tiles, blocks) = (grid.tiles(), blocks::<S>(&grid));
        let range = |block: usize| block * tiles / blocks..(block + 1) * tiles / blocks;
        let pass = Pass { grid: &grid, x, u, packing, epilogue, y: y.get().cast(), stream };
        let pass = &pass;
        parallel_ahead(blocks, |block, next| pass.block(s, range(block), next.map_or(0..0, range)));
    });
}

/// Whether the products overwrite the transformed input row by row. This requires that a row of the product
/// is computed in a single pass.
fn in_place<S: Simd>(grid: &Grid) -> bool {
    grid.co <= S::COLUMNS * S::WIDTH
}

/// The number of blocks into which the tiles are divided, such that each block fits into the cache and all
/// threads get about equally many.
fn blocks<S: Simd>(grid: &Grid) -> usize {
    let channels = if in_place::<S>(grid) { grid.ci.max(grid.co) } else { grid.ci + grid.co };
    let most = (BLOCK_BYTES / (POSITIONS * channels * size_of::<f32>()) / ROWS * ROWS).max(ROWS);
    let blocks = grid.tiles().div_ceil(most);
    if blocks < 8 * threads() { blocks.next_multiple_of(threads()).min(grid.tiles()) } else { blocks }
}

/// The data shared by all blocks of a convolution.
struct Pass<'a> {
    grid: &'a Grid,
    x: &'a [f32],
    u: &'a [f32],
    packing: Packing,
    epilogue: Epilogue<'a>,
    y: *mut f32,
    stream: bool,
}

// SAFETY: blocks write disjoint tiles of `y`; the rest is only read.
unsafe impl Sync for Pass<'_> {}

impl Pass<'_> {
    /// Computes `tiles` and prefetches the input of the tiles `next`.
    fn block<S: Simd>(&self, s: S, tiles: Range<usize>, next: Range<usize>) {
        let (grid, x, first, count) = (self.grid, self.x, tiles.start, tiles.len());
        let in_place = in_place::<S>(grid);
        let (row_in, row_out) =
            if in_place { (grid.ci.max(grid.co), grid.ci.max(grid.co)) } else { (grid.ci, grid.co) };
        let (stride_in, stride_out) = (position_stride(count, row_in), position_stride(count, row_out));
        let len = POSITIONS * (stride_in + if in_place { 0 } else { stride_out });
        scratch::with(Use::Block, len, |buffer| {
            let v = buffer.as_mut_ptr();
            let m = if in_place { v } else { v.wrapping_add(POSITIONS * stride_in) };
            let to = Block { at: v, position: stride_in, tile: row_in };
            s.call(ReadInput { grid, x, first, count, points: Points::All, to });
            let mask = match self.epilogue {
                Epilogue::Mask { by, .. } => Source::output(grid, by.as_ptr(), tiles.clone()),
                _ => None,
            };
            let output = if self.stream { None } else { Source::output(grid, self.y, tiles) };
            let pieces = POSITIONS * count.div_ceil(ROWS) * grid.co.div_ceil(S::COLUMNS * S::WIDTH);
            let mut ahead = Ahead::new(pieces, [Source::input(grid, x, next), mask, output]);
            for position in 0..POSITIONS {
                let product = Product {
                    rows: count,
                    vectors: grid.co / S::WIDTH,
                    segments: 1,
                    depth: grid.shape.ci,
                    a: v.wrapping_add(position * stride_in),
                    a_row: row_in,
                    a_step: 1,
                    a_segment: 0,
                    b: self.u[position * self.packing.position..].as_ptr(),
                    b_step: 0,
                    b_block: self.packing.block,
                    c: m.wrapping_add(position * stride_out),
                    c_row: row_out,
                    add: false,
                };
                // SAFETY: `buffer` has room for all positions of both matrices, `u` has the packing of this
                // product, and in place the product is one block of columns wide.
                unsafe { product.run(s, || ahead.next()) };
            }
            s.call(WriteOutput {
                grid,
                epilogue: self.epilogue,
                first,
                count,
                from: m,
                position: stride_out,
                tile: row_out,
                y: self.y,
                stream: self.stream,
            });
        });
    }
}
