//! 8 lanes, 16 registers: AVX2 and FMA.
#![allow(unsafe_code)] // intrinsics

use std::arch::x86_64::*;

use super::{Kernel, Simd};
use crate::path::Path;

/// Proof that the CPU has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Panics
    /// If the CPU does not have them.
    pub(crate) fn new() -> Self {
        assert!(Path::Avx2.is_supported());
        Self(())
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
fn call<K: Kernel>(s: Avx2, kernel: K) {
    kernel.run(s);
}

/// A mask with the sign bits of the first `len` lanes set.
#[inline(always)]
fn part(_: Avx2, len: usize) -> __m256i {
    const WINDOW: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: an `Avx2` exists only if the CPU has the instructions. The offset is 0 to 8, so the eight
    // values read lie within the array.
    unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add(8 - len.min(8)).cast()) }
}

// Every SAFETY comment below relies on this: an `Avx2` exists only if `new` found the instructions.
impl Simd for Avx2 {
    type V = __m256;
    const WIDTH: usize = 8;
    const COLUMNS: usize = 2;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { call(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn if_positive(self, by: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm256_blendv_ps(b, a, _mm256_cmp_ps::<_CMP_GT_OQ>(by, _mm256_setzero_ps())) }
    }

    #[inline(always)]
    fn sum(self, a: __m256) -> f32 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe {
            let a = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)))
        }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, a: __m256) {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory.
        unsafe { _mm256_storeu_ps(to, a) }
    }

    #[inline(always)]
    unsafe fn load_part(self, from: *const f32, len: usize) -> __m256 {
        // SAFETY: `self` proves that the instructions exist; lanes outside the mask are not read.
        unsafe { _mm256_maskload_ps(from, part(self, len)) }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, len: usize, a: __m256) {
        // SAFETY: `self` proves that the instructions exist; lanes outside the mask are not written.
        unsafe { _mm256_maskstore_ps(to, part(self, len), a) }
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut f32, a: __m256) {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory and its
        // alignment.
        unsafe { _mm256_stream_ps(to, a) }
    }

    #[inline(always)]
    fn fence(self) {
        // SAFETY: every x86-64 CPU has this instruction.
        unsafe { _mm_sfence() }
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: prefetching has no visible effect and does not fault at any address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }

    #[inline(always)]
    fn prefetch_near(self, at: *const f32) {
        // SAFETY: prefetching has no visible effect and does not fault at any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
}
