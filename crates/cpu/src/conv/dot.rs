//! Convolutions to few output channels as dot products, with vectors along the contiguous input values under
//! one row of the kernel.
#![allow(unsafe_code)] // tasks write disjoint rows of one output

use std::mem::MaybeUninit;

use super::direct::weight;
use super::rows::{Rows, band, padded, padded_len};
use super::{ConvShape, Epilogue, Filter};
use crate::pool::parallel_for;
use crate::scratch::{self, Use};
use crate::simd::{Kernel, Shared, Simd};

/// Output pixels that are computed together.
const PIXELS: usize = 4;

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
    let y = Shared::new(y);
    let band = band(shape);
    let bands = oh.div_ceil(band);
    // The number of input values under one row of the kernel, and that number rounded up to whole vectors.
    let run = k * shape.ci;
    let padded_run = run.next_multiple_of(S::WIDTH);
    scratch::with(Use::Filter, shape.co * k * padded_run, |weights| {
        weights.fill(0.0);
        for (o, ky) in (0..shape.co).flat_map(|o| (0..k).map(move |ky| (o, ky))) {
            let to = &mut weights[(o * k + ky) * padded_run..][..run];
            for (at, to) in to.iter_mut().enumerate() {
                *to = weight(shape, filter, o, at % shape.ci, ky * k + at / shape.ci);
            }
        }
        let weights = &*weights;
        parallel_for(shape.n * bands, |task, _| {
            let (picture, top) = (task / bands, task % bands * band);
            let count = band.min(oh - top);
            let rows = count + k - 1;
            scratch::with(Use::Block, ow * shape.co + padded_len(shape, rows), |buffer| {
                let (sums, buffer) = buffer.split_at_mut(ow * shape.co);
                let rows = padded(shape, x, (picture, top, rows), buffer);
                for row in 0..count {
                    s.call(Row { shape, rows, row, weights, sums });
                    let at = (picture * oh + top + row) * ow * shape.co;
                    // SAFETY: these are the numbers of one row of the output, which only this task writes.
                    let y = unsafe { std::slice::from_raw_parts_mut(y.get().wrapping_add(at), sums.len()) };
                    finish(epilogue, sums, at, y);
                }
            });
        });
    });
}

fn finish(epilogue: Epilogue<'_>, sums: &[f32], at: usize, y: &mut [MaybeUninit<f32>]) {
    match epilogue {
        Epilogue::None => y.iter_mut().zip(sums).for_each(|(y, &sum)| _ = y.write(sum)),
        Epilogue::Bias { bias, slope } => {
            let slope = slope.unwrap_or(1.0);
            for ((y, sum), bias) in y.iter_mut().zip(sums).zip(bias.iter().cycle()) {
                let value = sum + bias;
                y.write(if value > 0.0 { value } else { value * slope });
            }
        }
        Epilogue::Mask { by, slope } => {
            for ((y, &sum), &by) in y.iter_mut().zip(sums).zip(&by[at..]) {
                y.write(if by > 0.0 { sum } else { sum * slope });
            }
        }
    }
}

/// The computation of one row of the output.
struct Row<'a> {
    shape: &'a ConvShape,
    rows: Rows<'a>,
    row: usize,
    /// Indexed by output channel, row of the kernel, and position in the run, which is padded to whole
    /// vectors.
    weights: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Row<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let ConvShape { ci, co, k, .. } = *self.shape;
        let run = k * ci;
        let padded_run = run.next_multiple_of(S::WIDTH);
        let pixels = self.sums.len() / co;
        let rows = &self.rows.data[self.row * self.rows.row..];
        assert!(self.weights.len() >= co * k * padded_run);
        assert!(rows.len() >= (k - 1) * self.rows.row + (pixels - 1) * ci + run);
        let mut pixel = 0;
        while pixel < pixels {
            // If the last group is not full, it begins earlier and computes some pixels again.
            let from = if pixels < PIXELS { pixel } else { pixel.min(pixels - PIXELS) };
            // Prefetches the row of the input that the next row of the output needs in addition.
            s.prefetch_run(rows.as_ptr().wrapping_add(k * self.rows.row + from * ci), PIXELS * ci);
            let mut channel = 0;
            while channel < co {
                let at = (rows[from * ci..].as_ptr(), self.rows.row);
                let weights = self.weights[channel * k * padded_run..].as_ptr();
                let sums = &mut self.sums[from * co + channel..];
                match (pixels < PIXELS, co - channel) {
                    (true, _) => group::<S, 1, 1>(s, self.shape, at, weights, sums),
                    (false, 1) => group::<S, PIXELS, 1>(s, self.shape, at, weights, sums),
                    (false, 2) => group::<S, PIXELS, 2>(s, self.shape, at, weights, sums),
                    (false, _) => group::<S, PIXELS, 3>(s, self.shape, at, weights, sums),
                }
                channel += if pixels < PIXELS { 1 } else { 3 };
            }
            pixel = from + if pixels < PIXELS { 1 } else { PIXELS };
        }
    }
}

/// Computes `P` pixels by `C` channels. The caller has checked that the rows and the weights are long enough.
#[inline(always)]
fn group<S: Simd, const P: usize, const C: usize>(
    s: S,
    shape: &ConvShape,
    (rows, row): (*const f32, usize),
    weights: *const f32,
    to: &mut [f32],
) {
    let ConvShape { ci, co, k, .. } = *shape;
    let run = k * ci;
    let padded_run = run.next_multiple_of(S::WIDTH);
    let mut sums = [[s.splat(0.0); C]; P];
    for ky in 0..k {
        let (rows, weights) = (rows.wrapping_add(ky * row), weights.wrapping_add(ky * padded_run));
        for at in (0..padded_run).step_by(S::WIDTH) {
            let mut taps = [s.splat(0.0); C];
            for (c, tap) in taps.iter_mut().enumerate() {
                // SAFETY: the weights are packed in whole vectors.
                *tap = unsafe { s.load(weights.add(c * k * padded_run + at)) };
            }
            for (p, sums) in sums.iter_mut().enumerate() {
                let from = rows.wrapping_add(p * ci + at);
                // SAFETY: the run of each of these pixels lies within its row.
                let x =
                    unsafe { if at + S::WIDTH <= run { s.load(from) } else { s.load_part(from, run - at) } };
                for c in 0..C {
                    sums[c] = s.fma(x, taps[c], sums[c]);
                }
            }
        }
    }
    for (p, sums) in sums.iter().enumerate() {
        for (c, &sum) in sums.iter().enumerate() {
            to[p * co + c] = s.sum(sum);
        }
    }
}
