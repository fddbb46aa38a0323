//! Weight gradients of any shape: for each row of the kernel, a matrix product that sums over the pixels of a
//! row.
//!
//! With few output channels the two operands exchange their roles: correlating the padded gradient of the
//! output with the input gives the same products with the kernel flipped, and vectors run along the input
//! channels.
#![allow(unsafe_code)] // tasks write disjoint parts of shared sums

use super::ConvShape;
use super::gemm::{Fetch, Product, ROWS};
use super::rows::{padded, padded_len};
use crate::pool::parallel_for;
use crate::scratch::{self, Use};
use crate::simd::{Kernel, LINE, Shared, Simd};

/// Pixels of a row over which one product sums.
const RUN: usize = 64;
/// Minimum number of output rows in a chunk of sums. Chunks depend on the shape only, since they determine
/// the order of the sums.
const CHUNK_ROWS: usize = 8;
/// Maximum number of chunks.
const MOST_CHUNKS: usize = 32;

/// Computes the gradients of the weights and, with `db`, of the bias. The caller has checked the lengths.
pub(super) fn weight_grad<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    gy: &[f32],
    dw: &mut [f32],
    db: Option<&mut [f32]>,
) {
    let (ci, co, k) = (shape.ci, shape.co, shape.k);
    let swapped = co < ci && shape.pad < k;
    if swapped {
        let pad = k - 1 - shape.pad;
        let mirror = ConvShape { h: shape.out_h(), w: shape.out_w(), ci: co, co: ci, pad, ..*shape };
        sums(s, &mirror, gy, x, |ky, kx, o, i, sum| {
            dw[((o * ci + i) * k + k - 1 - ky) * k + k - 1 - kx] = sum;
        });
    } else {
        sums(s, shape, x, gy, |ky, kx, i, o, sum| dw[((o * ci + i) * k + ky) * k + kx] = sum);
    }
    if let Some(db) = db {
        // Each picture is summed separately, so that opposite gradients of two pictures cancel exactly.
        let mut of_picture = vec![0.0; co];
        db.fill(0.0);
        for gy in gy.chunks_exact(gy.len() / shape.n) {
            channel_sums(s, gy, &mut of_picture);
            db.iter_mut().zip(&of_picture).for_each(|(db, sum)| *db += sum);
        }
    }
}

/// Computes the sums over all pixels and calls `put(ky, kx, i, o, sum)` for each tap and pair of channels.
fn sums<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    gy: &[f32],
    mut put: impl FnMut(usize, usize, usize, usize, f32),
) {
    let (oh, k) = (shape.out_h(), shape.k);
    let co = shape.co.next_multiple_of(S::WIDTH);
    let (lines, run) = (shape.n * oh, k * shape.ci);
    let chunks = (lines / CHUNK_ROWS).clamp(1, MOST_CHUNKS);
    let len = k * run * co;
    scratch::with(Use::Partial, chunks * len, |partial| {
        let shared = Shared::new(partial);
        parallel_for(chunks, |chunk, _| {
            // SAFETY: each chunk has its own part of `partial`, which has room for all chunks.
            let sums = unsafe { std::slice::from_raw_parts_mut(shared.get().wrapping_add(chunk * len), len) };
            sums.fill(0.0);
            for line in chunk * lines / chunks..(chunk + 1) * lines / chunks {
                add_line(s, shape, x, gy, (line / oh, line % oh), sums);
            }
        });
        for at in 0..len {
            if at % co < shape.co {
                let sum = (0..chunks).map(|chunk| partial[chunk * len + at]).sum();
                let (tap, i) = (at / co / shape.ci, at / co % shape.ci);
                put(tap / k, tap % k, i, at % co, sum);
            }
        }
    });
}

/// Adds the products of one row of the output to the sums.
fn add_line<S: Simd>(
    s: S,
    shape: &ConvShape,
    x: &[f32],
    gy: &[f32],
    (picture, y): (usize, usize),
    sums: &mut [f32],
) {
    let (oh, ow, k) = (shape.out_h(), shape.out_w(), shape.k);
    let co = shape.co.next_multiple_of(S::WIDTH);
    let run = k * shape.ci;
    let copied = if co == shape.co { 0 } else { ow * co };
    scratch::with(Use::Block, copied + padded_len(shape, k), |buffer| {
        let (copy, buffer) = buffer.split_at_mut(copied);
        let gy = &gy[(picture * oh + y) * ow * shape.co..][..ow * shape.co];
        for (to, from) in copy.chunks_exact_mut(co).zip(gy.chunks_exact(shape.co)) {
            to[..shape.co].copy_from_slice(from);
            to[shape.co..].fill(0.0);
        }
        let gy = if copied == 0 { gy } else { copy };
        let rows = padded(shape, x, (picture, y, k), buffer);
        // While the product processes one run of the gradient, every piece of it prefetches a share of the
        // next run.
        let pieces = k * run.div_ceil(ROWS) * co.div_ceil(S::COLUMNS * S::WIDTH);
        let share = (RUN * co).div_ceil(pieces * 3 * LINE) * LINE;
        let mut at = gy.as_ptr().wrapping_add(RUN * co);
        let mut next = || {
            let runs = [at, at.wrapping_add(share), at.wrapping_add(2 * share)];
            at = at.wrapping_add(3 * share);
            Some(Fetch { runs, lines: share / LINE })
        };
        for (from, ky) in (0..ow).step_by(RUN).flat_map(|from| (0..k).map(move |ky| (from, ky))) {
            let product = Product {
                rows: run,
                vectors: co / S::WIDTH,
                segments: 1,
                depth: RUN.min(ow - from),
                a: rows.data[ky * rows.row + from * shape.ci..].as_ptr(),
                a_row: 1,
                a_step: shape.ci,
                a_segment: 0,
                b: gy[from * co..].as_ptr(),
                b_step: co,
                b_block: S::COLUMNS * S::WIDTH,
                c: sums[ky * run * co..].as_mut_ptr(),
                c_row: co,
                add: true,
            };
            // SAFETY: the run of the last pixel ends where its row ends, the rows of the gradient are whole
            // vectors, and `sums` has `run` rows of `co` numbers for each row of the kernel.
            unsafe { product.run(s, &mut next) };
        }
    });
}

/// The sum of every channel over all pixels.
fn channel_sums<S: Simd>(s: S, data: &[f32], to: &mut [f32]) {
    let channels = to.len();
    // The length of the sums is a multiple of both a vector and a pixel.
    let period = channels * 16;
    let pixels = data.len() / channels;
    let chunks = (pixels / 1024).clamp(1, MOST_CHUNKS);
    scratch::with(Use::Partial, chunks * period, |partial| {
        let shared = Shared::new(partial);
        parallel_for(chunks, |chunk, _| {
            let data = &data[chunk * pixels / chunks * channels..(chunk + 1) * pixels / chunks * channels];
            // SAFETY: each chunk has its own part of `partial`, which has room for all chunks.
            let sums =
                unsafe { std::slice::from_raw_parts_mut(shared.get().wrapping_add(chunk * period), period) };
            s.call(Fold { data, sums });
        });
        for (channel, to) in to.iter_mut().enumerate() {
            *to = partial[..chunks * period].iter().skip(channel).step_by(channels).sum();
        }
    });
}

/// Adds up `data` in `sums`: sum `i` is that of all values whose index is `i` modulo the length of `sums`.
struct Fold<'a> {
    data: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Fold<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _s: S) {
        // Plain loops, which the compiler vectorises for `S`.
        self.sums.fill(0.0);
        for data in self.data.chunks(self.sums.len()) {
            for (sum, value) in self.sums.iter_mut().zip(data) {
                *sum += value;
            }
        }
    }
}
