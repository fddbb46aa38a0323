//! Elementwise loops over contiguous values, divided among the workers in blocks of a fixed size.

#![allow(unsafe_code)] // disjoint blocks of one slice are handed to different workers

use crate::pool::parallel_for;
use std::mem::MaybeUninit;

/// Values in a block (64 KiB of f32): small enough to balance the load, large enough that the cost of
/// claiming a block is negligible.
pub const BLOCK: usize = 16 * 1024;

/// Calls `f(index, block)` on consecutive blocks of `len` items of `out` (the last may be shorter), in
/// parallel.
pub fn blocks<T: Send>(out: &mut [T], len: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    struct Ptr<T>(*mut T);
    // SAFETY: the pointer is only used to make slices that do not overlap (below), of items that may be sent.
    unsafe impl<T: Send> Sync for Ptr<T> {}
    impl<T> Ptr<T> {
        fn at(&self, offset: usize) -> *mut T {
            self.0.wrapping_add(offset)
        }
    }
    let total = out.len();
    let base = Ptr(out.as_mut_ptr());
    parallel_for(total.div_ceil(len.max(1)), |index, _| {
        let from = index * len;
        let count = len.min(total - from);
        // SAFETY: `from..from + count` lies within `out`, which is borrowed mutably for the whole call, and
        // each index is handed out once, so that no two slices overlap.
        let block = unsafe { std::slice::from_raw_parts_mut(base.at(from), count) };
        f(index, block);
    });
}

/// `out[i] = f(a[i])`
pub fn map1(out: &mut [MaybeUninit<f32>], a: &[f32], f: impl Fn(f32) -> f32 + Sync) {
    blocks(out, BLOCK, |i, out| {
        for (o, &a) in out.iter_mut().zip(&a[i * BLOCK..]) {
            o.write(f(a));
        }
    });
}

/// `out[i] = f(a[i], b[i])`
pub fn map2(out: &mut [MaybeUninit<f32>], a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    blocks(out, BLOCK, |i, out| {
        for ((o, &a), &b) in out.iter_mut().zip(&a[i * BLOCK..]).zip(&b[i * BLOCK..]) {
            o.write(f(a, b));
        }
    });
}

/// Splits the indices `0..total` into blocks of `len`, calls `f` for the sum of each block, and adds these
/// partial sums in order, so that the result is the same for any number of threads.
pub fn sum_blocks(total: usize, len: usize, f: impl Fn(std::ops::Range<usize>) -> f64 + Sync) -> f64 {
    let mut partial = vec![0f64; total.div_ceil(len)];
    blocks(&mut partial, 1, |i, p| p[0] = f(i * len..total.min((i + 1) * len)));
    partial.iter().sum()
}
