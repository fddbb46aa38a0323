//! Plain loops compiled several times, for the widest registers that the processor has.

/// Defines `fn $name`, which calls the `#[inline(always)]` function `$body` compiled for the active [`crate::CpuPath`].
///
/// Rust never fuses a multiplication with an addition by itself, so all versions give the same bits.
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
                    // SAFETY: the path is active only on processors that have AVX-512F.
                    crate::path::Path::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: the path is active only on processors that have AVX2.
                    crate::path::Path::Avx2 => return unsafe { avx2($($arg),*) },
                    _ => {}
                }
            }
            $body($($arg),*)
        }
    };
}

pub(crate) use widest;
