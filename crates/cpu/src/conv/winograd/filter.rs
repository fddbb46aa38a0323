//! Transforms filters to their values at the points, in the packing that the matrix product reads.
#![allow(unsafe_code)] // pointers with strides

use std::ops::Range;

use super::super::{ConvShape, Filter};
use super::transform::filter;
use super::{Grid, IN, position_stride};
use crate::pool::parallel_for;
use crate::simd::{Kernel, Shared, Simd};

/// Number of input channels that a task transforms, for one vector of output channels.
const STRIP: usize = 8;

/// The memory layout of transformed filters, indexed by position, block of [`Simd::COLUMNS`] vectors of
/// output channels, input channel, and output channel.
#[derive(Clone, Copy)]
pub(super) struct Packing {
    /// Distance from one position to the next, in numbers.
    pub position: usize,
    /// Distance from one full block to the next, in numbers.
    pub block: usize,
    /// Output channels, rounded up to whole vectors.
    co: usize,
}

impl Packing {
    pub(super) fn new<S: Simd>(grid: &Grid) -> Self {
        let ci = grid.shape.ci;
        Self { position: position_stride(ci, grid.co), block: ci * S::COLUMNS * S::WIDTH, co: grid.co }
    }

    /// Distance from one input channel to the next in the block of output channel `co`, in numbers.
    #[inline(always)]
    pub(super) fn step<S: Simd>(&self, co: usize) -> usize {
        let width = S::COLUMNS * S::WIDTH;
        width.min(self.co - co / width * width)
    }

    #[inline(always)]
    fn offset<S: Simd>(&self, ci: usize, co: usize) -> usize {
        let width = S::COLUMNS * S::WIDTH;
        co / width * self.block + ci * self.step::<S>(co) + co % width
    }
}

/// Transforms all filters and writes them to `to`, which holds `POSITIONS * packing.position` numbers.
pub(super) fn transform<S: Simd>(s: S, grid: &Grid, weights: Filter<'_>, packing: Packing, to: &mut [f32]) {
    let strips = grid.shape.ci.div_ceil(STRIP);
    let to = Shared::new(to);
    parallel_for(strips * (grid.co / S::WIDTH), |task, _| {
        let (co, ci) = (task / strips * S::WIDTH, task % strips * STRIP);
        s.call(Strip { shape: &grid.shape, weights, packing, ci, co, to: to.get() });
    });
}

struct Strip<'a> {
    shape: &'a ConvShape,
    weights: Filter<'a>,
    packing: Packing,
    ci: usize,
    co: usize,
    to: *mut f32,
}

impl Kernel for Strip<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let shape = self.shape;
        let channels = self.ci..shape.ci.min(self.ci + STRIP);
        // One vector of output channels for each tap; lanes beyond the last channel stay zero.
        let mut taps = [[0.0_f32; 16]; STRIP * 9];
        gather(shape, self.weights, channels.clone(), self.co..shape.co.min(self.co + S::WIDTH), &mut taps);
        for (ci, taps) in channels.zip(taps.chunks_exact(9)) {
            let to = self.to.wrapping_add(self.packing.offset::<S>(ci, self.co));
            let zero = s.splat(0.0);
            let mut rows = [[zero; 3]; IN];
            for c in 0..3 {
                // SAFETY: a tap has 16 numbers, which is at least one vector.
                let column = unsafe {
                    [s.load(taps[c].as_ptr()), s.load(taps[3 + c].as_ptr()), s.load(taps[6 + c].as_ptr())]
                };
                let column = filter(s, column);
                for i in 0..IN {
                    rows[i][c] = column[i];
                }
            }
            for (i, &row) in rows.iter().enumerate() {
                let row = filter(s, row);
                for (j, &value) in row.iter().enumerate() {
                    // SAFETY: the buffer of `transform` holds every position of every pair of channels, and
                    // only this task writes this pair.
                    unsafe { s.store(to.add((i * IN + j) * self.packing.position), value) };
                }
            }
        }
    }
}

/// Reads the taps of some pairs of channels into the order input channel, tap, output channel. It is not
/// inlined and not compiled for the vectors of a path, because scattered vector stores are much slower than
/// scalar moves.
#[inline(never)]
fn gather(
    shape: &ConvShape,
    weights: Filter<'_>,
    from: Range<usize>,
    to: Range<usize>,
    taps: &mut [[f32; 16]; STRIP * 9],
) {
    for (lane, co) in to.enumerate().take(16) {
        match weights {
            Filter::Forward(weights) => {
                let weights = &weights[(co * shape.ci + from.start) * 9..][..from.len() * 9];
                for (tap, &weight) in taps.iter_mut().zip(weights) {
                    tap[lane] = weight;
                }
            }
            Filter::Transposed(weights) => {
                for (ci, taps) in from.clone().zip(taps.chunks_exact_mut(9)) {
                    let weights = &weights[(ci * shape.co + co) * 9..][..9];
                    for (tap, &weight) in taps.iter_mut().zip(weights.iter().rev()) {
                        tap[lane] = weight;
                    }
                }
            }
        }
    }
}
