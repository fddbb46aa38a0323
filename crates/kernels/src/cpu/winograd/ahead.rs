//! Fetching early what the next steps read: the matrix products leave the memory idle, the transforms wait for it.

use super::super::simd::Simd;
use super::{Grid, IN, OUT, POSITIONS, Tile};
use std::ops::Range;

/// Floats in a cache line.
const LINE: usize = 16;

/// Rows of pixels, `OUT` pixels of each tile, to be fetched evenly while the positions are computed.
pub(super) struct Ahead<'a> {
    grid: &'a Grid,
    tiles: Range<usize>,
    rows: usize,
    /// Of the first tile's row and column in the data, seen from the output's.
    pad: isize,
    height: usize,
    width: usize,
    channels: usize,
    data: *const f32,
}

impl<'a> Ahead<'a> {
    /// The input of `tiles`.
    pub(super) fn input(grid: &'a Grid, x: &[f32], tiles: Range<usize>) -> Self {
        let shape = &grid.shape;
        let (pad, channels) = (shape.pad as isize, shape.ci);
        Self { grid, tiles, rows: IN, pad, height: shape.h, width: shape.w, channels, data: x.as_ptr() }
    }

    /// What has the output's shape, at `tiles`.
    pub(super) fn output(grid: &'a Grid, data: *const f32, tiles: Range<usize>) -> Self {
        let (height, width) = (grid.shape.out_h(), grid.shape.out_w());
        Self { grid, tiles, rows: OUT, pad: 0, height, width, channels: grid.shape.co, data }
    }

    /// Fetches the share of the step `position` out of `POSITIONS`. Addresses are only ever prefetched, so that
    /// it does not matter where they lie beyond the borders.
    #[inline(always)]
    pub(super) fn fetch<S: Simd>(&self, s: S, position: usize, positions: usize) {
        debug_assert!(positions <= POSITIONS);
        let units = self.tiles.len() * self.rows;
        for unit in position * units / positions..(position + 1) * units / positions {
            let Tile { picture, y, x } = self.grid.tile(self.tiles.start + unit / self.rows);
            let row = (picture * self.height + y + unit % self.rows) as isize - self.pad;
            let pixel = row * self.width as isize + x as isize - self.pad;
            let from = self.data.wrapping_offset(pixel * self.channels as isize);
            for line in 0..(OUT * self.channels).div_ceil(LINE) {
                s.prefetch(from.wrapping_add(line * LINE));
            }
        }
    }
}
