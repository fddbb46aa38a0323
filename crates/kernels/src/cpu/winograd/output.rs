//! Products at the points to tiles of the output.
#![allow(unsafe_code)] // pointers with strides

use super::super::Epilogue;
use super::super::simd::{Kernel, Simd};
use super::transform::output;
use super::{Grid, IN, OUT, Tile};

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
}

const NONE: u8 = 0;
const BIAS: u8 = 1;
const MASK: u8 = 2;

impl Kernel for WriteOutput<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.epilogue {
            Epilogue::None => self.tiles::<S, NONE>(s, &[], 1.0),
            Epilogue::Bias { bias, slope } => self.tiles::<S, BIAS>(s, bias, slope.unwrap_or(1.0)),
            Epilogue::Mask { by, slope } => self.tiles::<S, MASK>(s, by, slope),
        }
    }
}

impl WriteOutput<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const KIND: u8>(&self, s: S, operand: &[f32], slope: f32) {
        let shape = &self.grid.shape;
        let (h, w) = (shape.out_h(), shape.out_w());
        let slope = s.splat(slope);
        for index in 0..self.count {
            let Tile { picture, y, x } = self.grid.tile(self.first + index);
            let (rows, columns) = (OUT.min(h - y), OUT.min(w - x));
            let corner = ((picture * h + y) * w + x) * shape.co;
            for channel in (0..shape.co).step_by(S::WIDTH) {
                let lanes = S::WIDTH.min(shape.co - channel);
                let from = self.from.wrapping_add(index * self.tile + channel);
                let tile = self.tile(s, from);
                let bias = if KIND == BIAS {
                    // SAFETY: there are that many channels left.
                    unsafe { s.load_part(operand.as_ptr().add(channel), lanes) }
                } else {
                    s.splat(0.0)
                };
                for (r, &row) in tile.iter().enumerate().take(rows) {
                    let row = output(s, row);
                    let at = corner + r * w * shape.co + channel;
                    for (c, &value) in row.iter().enumerate().take(columns) {
                        let at = at + c * shape.co;
                        let value = match KIND {
                            BIAS => {
                                let value = s.add(value, bias);
                                s.if_positive(value, value, s.mul(value, slope))
                            }
                            MASK => {
                                // SAFETY: the mask is as large as the output, where this pixel lies.
                                let by = unsafe { load(s, operand.as_ptr().add(at), lanes) };
                                s.if_positive(by, value, s.mul(value, slope))
                            }
                            _ => value,
                        };
                        // SAFETY: this pixel lies in the output, and belongs to no other tile.
                        unsafe { store(s, self.y.add(at), lanes, value) };
                    }
                }
            }
        }
    }

    /// The vertical half of the transform.
    #[inline(always)]
    fn tile<S: Simd>(&self, s: S, from: *const f32) -> [[S::V; IN]; OUT] {
        let zero = s.splat(0.0);
        let mut rows = [[zero; IN]; OUT];
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
        rows
    }
}

/// # Safety
/// `from` must be valid for reading `lanes` numbers, at most a vector.
#[inline(always)]
unsafe fn load<S: Simd>(s: S, from: *const f32, lanes: usize) -> S::V {
    // SAFETY: the caller's.
    unsafe { if lanes == S::WIDTH { s.load(from) } else { s.load_part(from, lanes) } }
}

/// # Safety
/// `to` must be valid for writing `lanes` numbers, at most a vector.
#[inline(always)]
unsafe fn store<S: Simd>(s: S, to: *mut f32, lanes: usize, value: S::V) {
    // SAFETY: the caller's.
    unsafe { if lanes == S::WIDTH { s.store(to, value) } else { s.store_part(to, lanes, value) } }
}
