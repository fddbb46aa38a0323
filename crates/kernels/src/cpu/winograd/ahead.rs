//! Fetching early what the next steps read: the matrix products leave the memory idle, the transforms wait for it.

use std::ops::Range;

use super::super::gemm::Fetch;
use super::super::simd::LINE;
use super::{Grid, IN, OUT, Tile};

/// Rows of pixels, `OUT` pixels of each tile.
pub(super) struct Source<'a> {
    grid: &'a Grid,
    tiles: Range<usize>,
    rows: usize,
    /// By how much the tiles of this data lie above and left of the output's.
    pad: isize,
    height: usize,
    width: usize,
    channels: usize,
    data: *const f32,
}

impl<'a> Source<'a> {
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

    fn units(&self) -> usize {
        self.tiles.len() * self.rows
    }

    /// Where a row of a tile begins. It may lie beyond a border: addresses here are only ever prefetched.
    fn unit(&self, index: usize) -> *const f32 {
        let Tile { picture, y, x } = self.grid.tile(self.tiles.start + index / self.rows);
        let row = (picture * self.height + y + index % self.rows) as isize - self.pad;
        let pixel = row * self.width as isize + x as isize - self.pad;
        self.data.wrapping_offset(pixel * self.channels as isize)
    }
}

/// Spreads sources evenly over so many pieces of work.
pub(super) struct Ahead<'a> {
    sources: [Option<Source<'a>>; 3],
    pieces: usize,
    piece: usize,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(pieces: usize, sources: [Option<Source<'a>>; 3]) -> Self {
        Self { sources, pieces, piece: 0 }
    }

    /// What to fetch during the next piece.
    pub(super) fn next(&mut self) -> Option<Fetch> {
        let mut found: Option<Fetch> = None;
        for (slot, source) in self.sources.iter().enumerate() {
            let Some(source) = source else { continue };
            let due = |piece: usize| piece * source.units() / self.pieces;
            // At most one unit of each a piece: they are many.
            if due(self.piece + 1) > due(self.piece) {
                let run = source.unit(due(self.piece));
                let lines = (OUT * source.channels).div_ceil(LINE);
                let fetch = found.get_or_insert(Fetch { runs: [run; 3], lines });
                fetch.runs[slot] = run;
                fetch.lines = fetch.lines.max(lines);
            }
        }
        self.piece += 1;
        found
    }
}
