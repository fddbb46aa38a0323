//! 4 lanes in plain Rust, which the compiler maps to the vectors that every CPU of the target has.
#![allow(unsafe_code)] // loads and stores through pointers

use super::{Kernel, Simd};

/// Vectors without instructions beyond those of the compilation target.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

/// A vector of four lanes.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Four([f32; 4]);

impl Four {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let (a, b) = (self.0, other.0);
        Self([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }
}

#[inline(never)]
fn call<K: Kernel>(kernel: K) {
    kernel.run(Portable);
}

impl Simd for Portable {
    type V = Four;
    const WIDTH: usize = 4;
    const COLUMNS: usize = 2;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) {
        call(kernel);
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Four {
        Four([x; 4])
    }

    #[inline(always)]
    fn add(self, a: Four, b: Four) -> Four {
        a.zip(b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Four, b: Four) -> Four {
        a.zip(b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Four, b: Four) -> Four {
        a.zip(b, |a, b| a * b)
    }

    #[inline(always)]
    fn fma(self, a: Four, b: Four, c: Four) -> Four {
        // Without a fused instruction, `mul_add` would call the C library for every number.
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn if_positive(self, by: Four, a: Four, b: Four) -> Four {
        let pick = |lane: usize| if by.0[lane] > 0.0 { a.0[lane] } else { b.0[lane] };
        Four([pick(0), pick(1), pick(2), pick(3)])
    }

    #[inline(always)]
    fn sum(self, a: Four) -> f32 {
        (a.0[0] + a.0[2]) + (a.0[1] + a.0[3])
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Four {
        // SAFETY: the caller guarantees four readable numbers.
        Four(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, a: Four) {
        // SAFETY: the caller guarantees room for four numbers.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(a.0) }
    }
}
