//! Transforms the products at the points to tiles of the output.
#![allow(unsafe_code)] // pointers with strides

use super::super::Epilogue;
use super::super::epilogue::{BIAS, Finish, MASK, NONE};
use super::transform::output;
use super::{Grid, IN, OUT, Tile};
use crate::simd::{Kernel, Simd};

/// Transforms `count` tiles, beginning with tile `first`, and writes those of their pixels that lie within
/// the output.
pub(super) struct WriteOutput<'a> {
    pub grid: &'a Grid,
    pub epilogue: Epilogue<'a>,
    pub first: usize,
    pub count: usize,
    /// The products, indexed by position, tile and channel (`grid.co` of them). Distances are in numbers.
    pub from: *const f32,
    /// Distance from one position to the next.
    pub position: usize,
    /// Distance from one tile to the next.
    pub tile: usize,
    /// The whole output.
    pub y: *mut f32,
    /// Whether to bypass the caches when storing; `y` and its pixels must then be aligned to vectors.
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
                // SAFETY: `lanes` channels are left.
                let bias = unsafe { finish.bias(channel, lanes) };
                for (r, &row) in tile.iter().enumerate().take(rows) {
                    let row = output(s, row);
                    let at = corner + r * w * shape.co + channel;
                    for (c, &value) in row.iter().enumerate().take(columns) {
                        // SAFETY: this pixel lies within the output and belongs to no other tile.
                        unsafe { finish.write(value, bias, at + c * shape.co, lanes) };
                    }
                }
            }
        }
    }

    /// Applies the transform along the vertical axis.
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
