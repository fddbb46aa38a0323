//! Vectors of `f32` with one implementation for each instruction set, so that every algorithm is written
//! once.
//!
//! An algorithm is a [`Kernel`]: a struct of its arguments with a generic, always inlined `run`.
//! [`Simd::call`] compiles it with the instructions of that vector type. A value of a type that implements
//! [`Simd`] can only be constructed if the CPU has its instructions; therefore the operations without
//! pointers are safe.
#![allow(unsafe_code)] // vector loads and stores through pointers

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;

/// Numbers in a cache line.
pub(crate) const LINE: usize = 16;

/// Code that is compiled for several instruction sets.
pub(crate) trait Kernel {
    /// Runs the algorithm. This function and all functions that it calls must be `#[inline(always)]`: a
    /// function that is not inlined is compiled without the instructions of `S`.
    fn run<S: Simd>(self, s: S);
}

/// The operations on vectors of `f32` that the kernels need.
pub(crate) trait Simd: Copy + Send + Sync {
    /// A vector register.
    type V: Copy;
    /// Numbers in a register.
    const WIDTH: usize;
    /// Width in registers of a tile of a matrix product. A tile has 6 rows, and some registers must remain
    /// for operands.
    const COLUMNS: usize;

    /// Runs a kernel in a function that is compiled with the instructions of this type.
    fn call<K: Kernel>(self, kernel: K);

    /// A vector with `x` in all lanes.
    fn splat(self, x: f32) -> Self::V;
    /// `a + b`
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, fused where the instruction set allows it.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `by > 0 ? a : b`
    fn if_positive(self, by: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// The sum of all lanes.
    fn sum(self, a: Self::V) -> f32;

    /// # Safety
    /// `from` must be valid for reading `WIDTH` numbers.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// # Safety
    /// `to` must be valid for writing `WIDTH` numbers.
    unsafe fn store(self, to: *mut f32, a: Self::V);

    /// Loads the first `len` lanes from memory; the other lanes are zero.
    ///
    /// # Safety
    /// `from` must be valid for reading `len` numbers, at most `WIDTH`.
    #[inline(always)]
    unsafe fn load_part(self, from: *const f32, len: usize) -> Self::V {
        let mut lanes = [0.0; 16];
        // SAFETY: `from` has `len` numbers, which is at most WIDTH, which is at most 16.
        unsafe {
            std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), len);
            self.load(lanes.as_ptr())
        }
    }

    /// Stores the first `len` lanes to memory.
    ///
    /// # Safety
    /// `to` must be valid for writing `len` numbers, at most `WIDTH`.
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, len: usize, a: Self::V) {
        let mut lanes = [0.0; 16];
        // SAFETY: `to` has room for `len` numbers, which is at most WIDTH, which is at most 16.
        unsafe {
            self.store(lanes.as_mut_ptr(), a);
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, len);
        }
    }

    /// Stores while bypassing the caches, for data that will not be read again soon. [`Simd::fence`] must be
    /// called before other threads may read it.
    ///
    /// # Safety
    /// As for `store`, and `to` must be aligned to the vector.
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32, a: Self::V) {
        // SAFETY: guaranteed by the caller.
        unsafe { self.store(to, a) }
    }

    /// Makes the data stored with [`Simd::stream`] visible to other threads.
    #[inline(always)]
    fn fence(self) {}

    /// Prefetches the cache line of `at` into the L1 cache. Any address is allowed.
    #[inline(always)]
    fn prefetch_near(self, _at: *const f32) {}

    /// Prefetches the cache lines of `len` numbers into the L2 cache. Any address is allowed.
    #[inline(always)]
    fn prefetch_run(self, from: *const f32, len: usize) {
        for at in (0..len).step_by(LINE) {
            self.prefetch(from.wrapping_add(at));
        }
    }

    /// Prefetches the cache line of `at` into the L2 cache. Any address is allowed.
    #[inline(always)]
    fn prefetch(self, _at: *const f32) {}
}

/// Memory to which the tasks of a parallel loop write, each to a part of its own.
#[derive(Clone, Copy)]
pub(crate) struct Shared<T>(*mut T);

// SAFETY: this is only an address; every access through it is unsafe and justified where it occurs.
unsafe impl<T: Send> Sync for Shared<T> {}
// SAFETY: this is only an address; every access through it is unsafe and justified where it occurs.
unsafe impl<T: Send> Send for Shared<T> {}

impl<T> Shared<T> {
    /// The memory of `slice`, which must not be used otherwise until the loop has ended.
    pub(crate) fn new(slice: &mut [T]) -> Self {
        Self(slice.as_mut_ptr())
    }

    /// The address of the first item.
    pub(crate) fn get(&self) -> *mut T {
        self.0
    }
}

/// Evaluates an expression in which a name is bound to the vector type of a path.
macro_rules! with_simd {
    ($path:expr, $s:ident => $body:expr) => {
        match $path {
            #[cfg(target_arch = "x86_64")]
            $crate::path::Path::Avx512 => {
                let $s = $crate::simd::avx512::Avx512::new();
                $body
            }
            #[cfg(target_arch = "x86_64")]
            $crate::path::Path::Avx2 => {
                let $s = $crate::simd::avx2::Avx2::new();
                $body
            }
            #[cfg(target_arch = "aarch64")]
            $crate::path::Path::Neon => {
                let $s = $crate::simd::neon::Neon::new();
                $body
            }
            _ => {
                let $s = $crate::simd::portable::Portable;
                $body
            }
        }
    };
}
pub(crate) use with_simd;
