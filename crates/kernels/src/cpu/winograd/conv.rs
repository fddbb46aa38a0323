//! The convolution: blocks of tiles through input transform, 64 products and output transform, each block within
//! one core's L2 cache.
#![allow(unsafe_code)] // tasks write their own part of one output

use std::mem::MaybeUninit;

use super::super::gemm::Product;
use super::super::pool::{parallel_for, threads};
use super::super::scratch::{self, Use};
use super::super::simd::{Shared, Simd};
use super::super::{ConvShape, Epilogue, Filter};
use super::filter::{Packing, transform};
use super::input::{Block, Points, ReadInput};
use super::output::WriteOutput;
use super::{Grid, POSITIONS, position_stride};

/// What the transformed tiles of a block may take of the L2 cache, in bytes.
const BLOCK_BYTES: usize = 400 << 10;

/// The convolution of `x` with `filter` to all of `y`; the lengths have been checked.
pub(in crate::cpu) fn conv<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    let grid = Grid::new::<S>(shape);
    let packing = Packing::new::<S>(&grid);
    let y = Shared::new(y);
    scratch::with(Use::Filter, POSITIONS * packing.position, |u| {
        transform(s, &grid, filter, packing, u);
        let u = &*u;
        let (tiles, blocks) = (grid.tiles(), blocks(&grid));
        parallel_for(blocks, |block, _| {
            let (from, to) = (block * tiles / blocks, (block + 1) * tiles / blocks);
            one_block(s, &grid, packing, x, u, epilogue, from..to, y.get().cast());
        });
    });
}

/// How many blocks the tiles are cut into: such that one fits the cache, and every thread gets as many.
fn blocks(grid: &Grid) -> usize {
    let most = (BLOCK_BYTES / (POSITIONS * grid.ci.max(grid.co) * size_of::<f32>())).max(6);
    let blocks = grid.tiles().div_ceil(most);
    if blocks < 8 * threads() { blocks.next_multiple_of(threads()).min(grid.tiles()) } else { blocks }
}

#[allow(clippy::too_many_arguments, reason = "one caller")]
fn one_block<S: Simd>(
    s: S,
    grid: &Grid,
    packing: Packing,
    x: &[f32],
    u: &[f32],
    epilogue: Epilogue<'_>,
    tiles: std::ops::Range<usize>,
    y: *mut f32,
) {
    let (first, count) = (tiles.start, tiles.len());
    // The products overwrite the transformed input, row by row, unless a row of theirs takes several passes over it.
    let in_place = grid.co <= S::COLUMNS * S::WIDTH;
    let (row_in, row_out) =
        if in_place { (grid.ci.max(grid.co), grid.ci.max(grid.co)) } else { (grid.ci, grid.co) };
    let (stride_in, stride_out) = (position_stride(count, row_in), position_stride(count, row_out));
    let len = POSITIONS * (stride_in + if in_place { 0 } else { stride_out });
    scratch::with(Use::Block, len, |buffer| {
        let v = buffer.as_mut_ptr();
        let m = if in_place { v } else { v.wrapping_add(POSITIONS * stride_in) };
        let to = Block { at: v, position: stride_in, tile: row_in };
        s.call(ReadInput { grid, x, first, count, points: Points::All, to });
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
                b: u[position * packing.position..].as_ptr(),
                b_block: packing.block,
                c: m.wrapping_add(position * stride_out),
                c_row: row_out,
                add: false,
                b_step: 0,
            };
            // SAFETY: `buffer` has all positions of both, `u` is packed for it, and in place it is a single block.
            unsafe { product.run(s) };
        }
        s.call(WriteOutput { grid, epilogue, first, count, from: m, position: stride_out, tile: row_out, y });
    });
}
