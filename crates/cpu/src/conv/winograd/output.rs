//! Products at the points to tiles of the output.
#![allow(unsafe_code)] // pointers with strides

use super::super::Epilogue;
use super::super::epilogue::{BIAS, Finish, MASK, NONE};
use super::transform::output;
use super::{Grid, IN, OUT, Tile};
use crate::simd::{Kernel, Simd};

/// Transforms `count` tiles from `first` on, and writes those of their pixels that the output has.
pub(super) struct WriteOutput<'a> {
    pub grid: &'a Grid,
    pub epilogue: Epilogue<'a>,
    pub first: usize,
    pub count: usize,
    /// Position, then tile, then `grid.co` channels.
    pub from: *const f32,
    /// From one position to the next.
    pub position: usize,
    /// From one tile to the next.
    pub tile: usize,
    /// The whole output.
    pub y: *mut f32,
    /// Whether to store past the caches; `y` and its pixels must then be aligned to vectors.
    pub stream: bool,
}

impl Kernel for WriteOutput<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.epilogue {
            Epilogue::None => self.tiles::<S, NONE>(s),
            Epilogue::Bias { .. } => self.tiles::<S, BIAS>(s),
            Epilogue::Mask { .. } => self.tiles::<S, MASK>(s),
        }
        if self.stream {
            s.fence();
        }
    }
}

impl WriteOutput<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const KIND: u8>(&self, s: S) {
        let shape = &self.grid.shape;
        let (h, w) = (shape.out_h(), shape.out_w());
        let finish = Finish::<S, KIND>::new(s, self.epilogue, self.y, self.stream);
        let mut tile = [[s.splat(0.0); IN]; OUT];
        for index in 0..self.count {
            let Tile { picture, y, x } = self.grid.tile(self.first + index);
            let (rows, columns) = (OUT.min(h - y), OUT.min(w - x));
            let corner = ((picture * h + y) * w + x) * shape.co;
            for channel in (0..shape.co).step_by(S::WIDTH) {
                let lanes = S::WIDTH.min(shape.co - channel);
                self.tile(s, self.from.wrapping_add(index * self.tile + channel), &mut tile);
                // SAFETY: there are that many channels left.
                let bias = unsafe { finish.bias(channel, lanes) };
                for (r, &row) in tile.iter().enumerate().take(rows) {
                    let row = output(s, row);
                    let at = corner + r * w * shape.co + channel;
                    for (c, &value) in row.iter().enumerate().take(columns) {
                        // SAFETY: this pixel lies in the output, and belongs to no other tile.
                        unsafe { finish.write(value, bias, at + c * shape.co, lanes) };
                    }
                }
            }
        }
    }

    /// The vertical half of the transform.
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "`j` is a column, and no slice")]
    fn tile<S: Simd>(&self, s: S, from: *const f32, rows: &mut [[S::V; IN]; OUT]) {
        let zero = s.splat(0.0);
        for j in 0..IN {
            let mut column = [zero; IN];
            for (i, value) in column.iter_mut().enumerate() {
                // SAFETY: the block holds every position of this tile, in whole vectors.
                *value = unsafe { s.load(from.add((i * IN + j) * self.position)) };
            }
            let column = output(s, column);
            for r in 0..OUT {
                rows[r][j] = column[r];
            }
        }
    }
}
