//! 4 lanes, 32 registers: NEON.
#![allow(unsafe_code)] // intrinsics

use std::arch::aarch64::*;

use super::{Kernel, Simd};
use crate::path::Path;

/// Proof that the CPU has NEON.
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    /// # Panics
    /// If the CPU does not have them.
    pub(crate) fn new() -> Self {
        assert!(Path::Neon.is_supported());
        Self(())
    }
}

#[target_feature(enable = "neon")]
#[inline(never)]
fn call<K: Kernel>(s: Neon, kernel: K) {
    kernel.run(s);
}

// Every SAFETY comment below relies on this: a `Neon` exists only if `new` found the instructions.
impl Simd for Neon {
    type V = float32x4_t;
    const WIDTH: usize = 4;
    const COLUMNS: usize = 4;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { call(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vdupq_n_f32(x) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn if_positive(self, by: float32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vbslq_f32(vcgtq_f32(by, vdupq_n_f32(0.0)), a, b) }
    }

    #[inline(always)]
    fn sum(self, a: float32x4_t) -> f32 {
        // SAFETY: `self` proves that the instructions exist.
        unsafe { vaddvq_f32(a) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, a: float32x4_t) {
        // SAFETY: `self` proves that the instructions exist; the caller guarantees the memory.
        unsafe { vst1q_f32(to, a) }
    }
}
