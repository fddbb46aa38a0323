//! Prefetches the data of the next transforms during the matrix products, because transforms are limited by
//! memory and matrix products are not.

use std::ops::Range;

use super::super::gemm::Fetch;
use super::{Grid, IN, OUT, Tile};
use crate::simd::LINE;

/// Minimum size of data to prefetch, in bytes. Smaller data is in the L2 cache or is read quickly from the L3
/// cache, and prefetching it would only evict the operands of the products.
const WORTH_BYTES: usize = 2 << 20;

/// Data to prefetch: for each of some tiles, `rows` rows of `OUT` pixels.
pub(super) struct Source<'a> {
    grid: &'a Grid,
    tiles: Range<usize>,
    rows: usize,
    /// Offset in pixels by which the tiles of this data lie above and to the left of those of the output.
    pad: isize,
    height: usize,
    width: usize,
    channels: usize,
    data: *const f32,
    /// The index of the next row of a tile to prefetch.
    unit: usize,
    /// Increases by the number of units with every piece of work. A unit is due whenever it reaches the
    /// number of pieces.
    progress: usize,
}

impl<'a> Source<'a> {
    /// The input of `tiles`; `None` if prefetching it is not worthwhile.
    pub(super) fn input(grid: &'a Grid, x: &[f32], tiles: Range<usize>) -> Option<Self> {
        let shape = &grid.shape;
        let (pad, channels, data) = (shape.pad as isize, shape.ci, x.as_ptr());
        let source = Self {
            grid,
            tiles,
            rows: IN,
            pad,
            height: shape.h,
            width: shape.w,
            channels,
            data,
            unit: 0,
            progress: 0,
        };
        (shape.input_len() * size_of::<f32>() >= WORTH_BYTES).then_some(source)
    }

    /// Data of the shape of the output, at `tiles`; `None` if prefetching it is not worthwhile.
    pub(super) fn output(grid: &'a Grid, data: *const f32, tiles: Range<usize>) -> Option<Self> {
        let shape = &grid.shape;
        let (height, width, channels) = (shape.out_h(), shape.out_w(), shape.co);
        let source =
            Self { grid, tiles, rows: OUT, pad: 0, height, width, channels, data, unit: 0, progress: 0 };
        (shape.output_len() * size_of::<f32>() >= WORTH_BYTES).then_some(source)
    }

    /// The address of the next row of a tile, if it is due. It may lie outside the picture, because addresses
    /// are only prefetched, never read. At most one row is due per piece, since there are more pieces than
    /// rows.
    fn next(&mut self, pieces: usize) -> Option<*const f32> {
        let units = self.tiles.len() * self.rows;
        self.progress += units;
        if self.progress < pieces || self.unit == units {
            return None;
        }
        self.progress -= pieces;
        let Tile { picture, y, x } = self.grid.tile(self.tiles.start + self.unit / self.rows);
        let row = (picture * self.height + y + self.unit % self.rows) as isize - self.pad;
        let pixel = row * self.width as isize + x as isize - self.pad;
        self.unit += 1;
        Some(self.data.wrapping_offset(pixel * self.channels as isize))
    }
}

/// Distributes the prefetching of sources evenly over a number of pieces of work.
pub(super) struct Ahead<'a> {
    sources: [Option<Source<'a>>; 3],
    pieces: usize,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(pieces: usize, sources: [Option<Source<'a>>; 3]) -> Self {
        Self { sources, pieces }
    }

    /// The memory to prefetch during the next piece.
    pub(super) fn next(&mut self) -> Option<Fetch> {
        let mut found: Option<Fetch> = None;
        for (slot, source) in self.sources.iter_mut().enumerate() {
            let Some(source) = source else { continue };
            if let Some(run) = source.next(self.pieces) {
                let lines = (OUT * source.channels).div_ceil(LINE);
                let fetch = found.get_or_insert(Fetch { runs: [run; 3], lines });
                fetch.runs[slot] = run;
                fetch.lines = fetch.lines.max(lines);
            }
        }
        found
    }
}
