//! Compiles plain loops several times, so that they use the widest registers of the CPU.

/// Defines `fn $name`, which calls the `#[inline(always)]` function `$body` compiled for the active
/// [`crate::CpuPath`].
///
/// Rust never fuses a multiplication and an addition on its own, so all versions compute the same bits.
macro_rules! widest {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),* $(,)?) = $body:ident) => {
        $(#[$doc])*
        fn $name($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f")]
                fn avx512($($arg: $ty),*) {
                    $body($($arg),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $ty),*) {
                    $body($($arg),*)
                }
                match crate::path::active() {
                    // SAFETY: the path is active only on CPUs that have AVX-512F.
                    crate::path::Path::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: the path is active only on CPUs that have AVX2.
                    crate::path::Path::Avx2 => return unsafe { avx2($($arg),*) },
                    _ => {}
                }
            }
            $body($($arg),*)
        }
    };
}

pub(crate) use widest;
