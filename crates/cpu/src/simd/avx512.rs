//! 16 lanes, 32 registers: AVX-512 F.
#![allow(unsafe_code)] // intrinsics

use std::arch::x86_64::*;

use super::{Kernel, Simd};
use crate::path::Path;

/// Proof that the CPU has AVX-512 F, AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Panics
    /// If the CPU does not have them.
    pub(crate) fn new() -> Self {
        assert!(Path::Avx512.is_supported());
        Self(())
    }
}

#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
fn call<K: Kernel>(s: Avx512, kernel: K) {
    kernel.run(s);
}

#[inline(always)]
fn part(len: usize) -> __mmask16 {
    ((1_u32 << len) - 1) as __mmask16
}

// Every SAFETY comment below relies on this: an `Avx512` exists only if `new` found the instructions.
impl Simd for Avx512 {
    type V = __m512;
    const WIDTH: usize = 16;
    const COLUMNS: usize = 4;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { call(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn if_positive(self, by: __m512, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(by, _mm512_setzero_ps()), b, a) }
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { _mm512_reduce_add_ps(a) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, a: __m512) {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory.
        unsafe { _mm512_storeu_ps(to, a) }
    }

    #[inline(always)]
    unsafe fn load_part(self, from: *const f32, len: usize) -> __m512 {
        // SAFETY: `self` proves that the instructions exist; lanes outside the mask are not read.
        unsafe { _mm512_maskz_loadu_ps(part(len), from) }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, len: usize, a: __m512) {
        // SAFETY: `self` proves that the instructions exist; lanes outside the mask are not written.
        unsafe { _mm512_mask_storeu_ps(to, part(len), a) }
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut f32, a: __m512) {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory and its
        // alignment.
        unsafe { _mm512_stream_ps(to, a) }
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
