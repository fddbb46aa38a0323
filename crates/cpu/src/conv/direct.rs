//! Convolutions of any shape as sums over taps, with vectors along the output channels.
//!
//! In NHWC the `k * ci` numbers under one row of the kernel are contiguous, and those of the next pixel begin
//! `ci` numbers later. A row of the output is therefore a sum of `k` matrix products whose left matrix is the
//! input in memory, without a copy.
#![allow(unsafe_code)] // tasks write disjoint rows of one output

use std::mem::MaybeUninit;

use super::epilogue::FinishRun;
use super::gemm::Product;
use super::rows::{band, padded, padded_len};
use super::{ConvShape, Epilogue, Filter, streams};
use crate::pool::parallel_for;
use crate::scratch::{self, Use};
use crate::simd::{Shared, Simd};

/// Output pixels whose sums are in the buffer at a time: 12 KiB for 64 channels, and a multiple of the 6 rows
/// of a matrix product.
const RUN: usize = 48;

/// Writes the convolution of `x` with `filter` to all of `y`. The caller has checked the lengths.
pub(super) fn conv<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    let (oh, ow, k) = (shape.out_h(), shape.out_w(), shape.k);
    let co = shape.co.next_multiple_of(S::WIDTH);
    let taps = k * k * shape.ci;
    let stream = streams::<S>(shape, y);
    let y = Shared::new(y);
    let band = band(shape);
    let bands = oh.div_ceil(band);
    scratch::with(Use::Filter, taps * co, |weights| {
        pack::<S>(shape, filter, weights);
        let weights = &*weights;
        parallel_for(shape.n * bands, |task, _| {
            let (picture, top) = (task / bands, task % bands * band);
            let count = band.min(oh - top);
            let rows = count + k - 1;
            scratch::with(Use::Block, RUN * co + padded_len(shape, rows), |buffer| {
                let (sums, buffer) = buffer.split_at_mut(RUN * co);
                let rows = padded(shape, x, (picture, top, rows), buffer);
                for (row, from) in
                    (0..count).flat_map(|row| (0..ow).step_by(RUN).map(move |from| (row, from)))
                {
                    let pixels = RUN.min(ow - from);
                    let product = Product {
                        rows: pixels,
                        vectors: co / S::WIDTH,
                        segments: k,
                        depth: k * shape.ci,
                        a: rows.data[row * rows.row + from * shape.ci..].as_ptr(),
                        a_row: shape.ci,
                        a_step: 1,
                        a_segment: rows.row,
                        b: weights.as_ptr(),
                        b_step: 0,
                        b_block: taps * S::COLUMNS * S::WIDTH,
                        c: sums.as_mut_ptr(),
                        c_row: co,
                        add: false,
                    };
                    // SAFETY: the last run of the last pixel ends where its row ends, `weights` has the
                    // packing of this product, and `sums` has room for RUN pixels.
                    unsafe { product.run(s, || None) };
                    let at = ((picture * oh + top + row) * ow + from) * shape.co;
                    let y = y.get().cast();
                    s.call(FinishRun { epilogue, sums, row: co, pixels, channels: shape.co, y, at, stream });
                }
            });
        });
    });
}

/// Packs the weights in blocks of [`Simd::COLUMNS`] vectors of output channels, tap by tap. The padding of
/// the channels is filled with zeros.
fn pack<S: Simd>(shape: &ConvShape, filter: Filter<'_>, to: &mut [f32]) {
    let (k, ci, taps) = (shape.k, shape.ci, shape.k * shape.k);
    let padded = shape.co.next_multiple_of(S::WIDTH);
    let block = S::COLUMNS * S::WIDTH;
    to[..taps * ci * padded].fill(0.0);
    for o in 0..shape.co {
        let width = block.min(padded - o / block * block);
        let to = &mut to[o / block * block * taps * ci + o % block..];
        for i in 0..ci {
            for tap in 0..taps {
                to[(tap * ci + i) * width] = weight(shape, filter, o, i, tap);
            }
        }
    }
    debug_assert_eq!(k * k, taps);
}

/// The weight from input channel `i` to output channel `o` at `tap` (row times `k` plus column).
#[inline]
pub(super) fn weight(shape: &ConvShape, filter: Filter<'_>, o: usize, i: usize, tap: usize) -> f32 {
    let taps = shape.k * shape.k;
    match filter {
        Filter::Forward(weights) => weights[(o * shape.ci + i) * taps + tap],
        Filter::Transposed(weights) => weights[(i * shape.co + o) * taps + taps - 1 - tap],
    }
}
