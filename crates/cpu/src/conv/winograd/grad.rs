//! The weight gradient: sums over tiles at every position, then one transform for each pair of channels.
//!
//! The batch is divided into chunks that depend on its shape only. The sums of all 64 positions together with
//! the tiles would not fit into the L2 cache, so each task computes half of the points of the vertical axis
//! for one chunk.
#![allow(unsafe_code)] // tasks write disjoint parts of shared sums

use std::ops::Range;

use super::super::ConvShape;
use super::super::gemm::{Product, ROWS};
use super::ahead::{Ahead, Source};
use super::input::{Block, Points, ReadGrad, ReadInput};
use super::transform::filter_grad;
use super::{Grid, IN, POSITIONS, position_stride};
use crate::pool::parallel_for;
use crate::scratch::{self, Use};
use crate::simd::{Kernel, Shared, Simd};

/// Maximum size of the transformed tiles of a block in the L2 cache, in bytes.
const BLOCK_BYTES: usize = 512 << 10;
/// Minimum number of tiles in a chunk, below which the cost of its sums would be too large.
const CHUNK_TILES: usize = 160;
/// Maximum number of chunks. With two tasks for each chunk, they occupy 16 threads.
const MOST_CHUNKS: usize = 8;

/// Number of input channels for which a task computes the final gradients.
const FINISH: usize = 4;

/// The division of the work. It depends on the shape only, since it determines the order of the sums.
#[derive(Clone, Copy)]
struct Cut {
    /// Number of chunks of all pictures.
    chunks: usize,
    /// Number of chunks of one picture. No chunk contains tiles of two pictures, so that opposite gradients
    /// of two pictures are summed in the same order and cancel exactly.
    per_picture: usize,
    /// Distance from the sums of one position to those of the next, in numbers.
    position: usize,
    /// Number of sums of a task, for half of the positions.
    sums: usize,
}

impl Cut {
    fn new(grid: &Grid) -> Self {
        let pictures = grid.shape.n;
        let per_picture = (grid.tiles() / CHUNK_TILES).clamp(1, MOST_CHUNKS).div_ceil(pictures);
        let chunks = pictures * per_picture;
        let position = position_stride(grid.shape.ci, grid.co);
        Self { chunks, per_picture, position, sums: POSITIONS / 2 * position }
    }

    /// The indices of the tiles of a chunk.
    fn tiles(&self, grid: &Grid, chunk: usize) -> Range<usize> {
        let each = grid.tiles() / grid.shape.n;
        let (first, at) = (chunk / self.per_picture * each, chunk % self.per_picture);
        first + at * each / self.per_picture..first + (at + 1) * each / self.per_picture
    }
}

/// Computes the gradients of the weights and, with `db`, of the bias. The caller has checked the lengths.
pub(in crate::conv) fn weight_grad<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    gy: &[f32],
    dw: &mut [f32],
    db: Option<&mut [f32]>,
) {
    let grid = Grid::new::<S>(shape);
    let cut = Cut::new(&grid);
    scratch::with(Use::Partial, cut.chunks * (2 * cut.sums + grid.co), |partial| {
        let (sums, totals) = partial.split_at_mut(cut.chunks * 2 * cut.sums);
        let (shared, shared_totals) = (Shared::new(sums), Shared::new(totals));
        parallel_for(cut.chunks * 2, |task, _| {
            let (chunk, points) = (task / 2, if task % 2 == 0 { Points::Outer } else { Points::Inner });
            let tiles = cut.tiles(&grid, chunk);
            let sums = shared.get().wrapping_add(task * cut.sums);
            let total = (points == Points::Outer).then(|| {
                let at = shared_totals.get().wrapping_add(chunk * grid.co);
                // SAFETY: each chunk has its own part of `totals`, which only one task uses.
                unsafe { std::slice::from_raw_parts_mut(at, grid.co) }
            });
            chunk_sums(s, &grid, x, gy, tiles, points, (sums, cut.position), total);
        });
        let (sums, totals, dw) = (&*sums, &*totals, Shared::new(dw));
        parallel_for(shape.ci.div_ceil(FINISH), |task, _| {
            let channels = task * FINISH..shape.ci.min((task + 1) * FINISH);
            scratch::with(Use::Block, POSITIONS * position_stride(FINISH, grid.co), |block| {
                s.call(Finish { grid: &grid, cut, sums, channels, block, dw: dw.get() });
            });
        });
        if let Some(db) = db {
            for (co, db) in db.iter_mut().enumerate() {
                let of_picture = |picture: usize| -> f32 {
                    let chunks = picture * cut.per_picture..(picture + 1) * cut.per_picture;
                    chunks.map(|chunk| totals[chunk * grid.co + co]).sum()
                };
                *db = (0..shape.n).map(of_picture).sum();
            }
        }
    });
}

/// Computes the sums over some tiles at half of the positions, indexed by position, input channel and output
/// channel.
#[allow(clippy::too_many_arguments, reason = "one caller")]
fn chunk_sums<S: Simd>(
    s: S,
    grid: &Grid,
    x: &[f32],
    gy: &[f32],
    tiles: Range<usize>,
    points: Points,
    (sums, stride): (*mut f32, usize),
    mut total: Option<&mut [f32]>,
) {
    if let Some(total) = &mut total {
        total.fill(0.0);
    }
    let half = POSITIONS / 2;
    let most = (BLOCK_BYTES / (half * (grid.ci + grid.co) * size_of::<f32>())).max(8);
    let blocks = tiles.len().div_ceil(most);
    let most = tiles.len().div_ceil(blocks);
    let (stride_x, stride_g) = (position_stride(most, grid.ci), position_stride(most, grid.co));
    scratch::with(Use::Block, half * (stride_x + stride_g), |buffer| {
        let (v, g) = buffer.split_at_mut(half * stride_x);
        let (v, g) = (v.as_mut_ptr(), g.as_mut_ptr());
        let range = |block: usize| {
            let edge = |block: usize| tiles.start + block.min(blocks) * tiles.len() / blocks;
            edge(block)..edge(block + 1)
        };
        for block in 0..blocks {
            let (first, count) = (range(block).start, range(block).len());
            let to = Block { at: v, position: stride_x, tile: grid.ci };
            s.call(ReadInput { grid, x, first, count, points, to });
            let to = Block { at: g, position: stride_g, tile: grid.co };
            s.call(ReadGrad { grid, gy, first, count, points, to, total: total.as_deref_mut() });
            let next = range(block + 1);
            let pieces = half * grid.shape.ci.div_ceil(ROWS) * grid.co.div_ceil(S::COLUMNS * S::WIDTH);
            let sources =
                [Source::input(grid, x, next.clone()), Source::output(grid, gy.as_ptr(), next), None];
            let mut ahead = Ahead::new(pieces, sources);
            for position in 0..half {
                let product = Product {
                    rows: grid.shape.ci,
                    vectors: grid.co / S::WIDTH,
                    segments: 1,
                    depth: count,
                    a: v.wrapping_add(position * stride_x),
                    a_row: 1,
                    a_step: grid.ci,
                    a_segment: 0,
                    b: g.wrapping_add(position * stride_g),
                    b_step: grid.co,
                    b_block: S::COLUMNS * S::WIDTH,
                    c: sums.wrapping_add(position * stride),
                    c_row: grid.co,
                    add: block > 0,
                };
                // SAFETY: the buffer has room for `count` tiles at half of the positions, and only this task
                // uses `sums`.
                unsafe { product.run(s, || ahead.next()) };
            }
        }
    });
}

/// Adds up the chunks for a few input channels and transforms the sums to the gradients of the taps.
struct Finish<'a> {
    grid: &'a Grid,
    cut: Cut,
    sums: &'a [f32],
    channels: Range<usize>,
    block: &'a mut [f32],
    dw: *mut f32,
}

impl Kernel for Finish<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        // The sums are first added up in contiguous runs into a small block that stays in the cache. Reading
        // them from memory position by position would wait for every number.
        let Self { grid, cut, sums, channels, block, dw } = self;
        let (ci, co) = (grid.shape.ci, grid.co);
        let run = channels.len() * co;
        let stride = position_stride(channels.len(), co);
        for (position, to) in block.chunks_exact_mut(stride).take(POSITIONS).enumerate() {
            let to = &mut to[..run];
            let (half, position) = (position / (POSITIONS / 2), position % (POSITIONS / 2));
            let first = half * cut.sums + position * cut.position + channels.start * co;
            let from = |chunk: usize| &sums[2 * chunk * cut.sums + first..][..run];
            to.copy_from_slice(from(0));
            for chunk in 1..cut.chunks {
                for (to, from) in to.iter_mut().zip(from(chunk)) {
                    *to += from;
                }
            }
        }
        for (row, channel) in channels.enumerate() {
            for first in (0..grid.shape.co).step_by(S::WIDTH) {
                let taps = taps(s, &block[row * co + first..], stride);
                let lanes = S::WIDTH.min(grid.shape.co - first);
                // SAFETY: `dw` has `co * ci * 9` numbers, and only this task writes those of this input
                // channel.
                unsafe { scatter(&taps, lanes, dw.wrapping_add((first * ci + channel) * 9), ci * 9) };
            }
        }
    }
}

/// Writes the taps of `lanes` output channels at a distance of `stride` numbers. It is not inlined and not
/// compiled for the vectors of a path, because a gather from data that has just been stored is much slower
/// than nine scalar moves.
///
/// # Safety
/// `to` must be valid for writing nine numbers at each of the `lanes` multiples of `stride`.
#[inline(never)]
unsafe fn scatter(taps: &[[f32; 16]; 9], lanes: usize, to: *mut f32, stride: usize) {
    for lane in 0..lanes.min(16) {
        for (tap, values) in taps.iter().enumerate() {
            // SAFETY: guaranteed by the caller.
            unsafe { *to.add(lane * stride + tap) = values[lane] };
        }
    }
}

/// Computes the gradients of the nine taps for a vector of output channels from the sums at all positions.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "`j` is a column, and no slice")]
fn taps<S: Simd>(s: S, sums: &[f32], position: usize) -> [[f32; 16]; 9] {
    assert!(sums.len() >= (POSITIONS - 1) * position + S::WIDTH);
    let zero = s.splat(0.0);
    let mut rows = [[zero; IN]; 3];
    for j in 0..IN {
        let mut column = [zero; IN];
        for (i, value) in column.iter_mut().enumerate() {
            // SAFETY: `sums` contains all positions (asserted).
            *value = unsafe { s.load(sums.as_ptr().add((i * IN + j) * position)) };
        }
        let column = filter_grad(s, column);
        for r in 0..3 {
            rows[r][j] = column[r];
        }
    }
    let mut taps = [[0.0; 16]; 9];
    for (r, &row) in rows.iter().enumerate() {
        for (c, &value) in filter_grad(s, row).iter().enumerate() {
            // SAFETY: a tap has 16 numbers, which is at least one vector.
            unsafe { s.store(taps[r * 3 + c].as_mut_ptr(), value) };
        }
    }
    taps
}
