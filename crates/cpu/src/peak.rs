//! Measures the peak rate of the CPU with a loop that consists of fused multiply-adds only.
#![allow(unsafe_code)] // calls of functions compiled for instructions that not every CPU has

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::path::{self, Path};
use crate::pool::{parallel_for, threads};

/// Iterations of the loop in a task, about 50 microseconds, which is much less than a time slice of the
/// operating system.
const ROUNDS: usize = 25_000;
/// Tasks per thread, a tenth of a second in all, in which the clock frequency settles.
const TASKS: usize = 2000;

/// The peak rate of fused multiply-adds in floating-point operations per second, with the vectors of
/// [`cpu_path`](crate::path::cpu_path) on as many cores as there are [`threads`]. A multiply-add counts as
/// two operations. The measurement takes about a tenth of a second.
///
/// The rate is computed from the median time of many short tasks that run on all threads at once. It
/// therefore reflects the clock frequency with all cores in use, and is not lowered by other programs that
/// interrupt some of the tasks.
///
/// # Panics
/// If [`cpu_path`](crate::path::cpu_path) returns an error.
pub fn fma_peak() -> f64 {
    let path = path::active();
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(threads());
    let nanoseconds: Vec<_> = (0..TASKS * cores).map(|_| AtomicU64::new(0)).collect();
    parallel_for(nanoseconds.len(), |task, _| {
        let start = Instant::now();
        run(path);
        nanoseconds[task].store(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
    });
    let mut nanoseconds: Vec<_> = nanoseconds.into_iter().map(AtomicU64::into_inner).collect();
    nanoseconds.sort_unstable();
    let median = nanoseconds[nanoseconds.len() / 2] as f64 * 1e-9;
    (cores * ROUNDS * operations(path)) as f64 / median
}

/// Floating-point operations in one iteration of the loop.
fn operations(path: Path) -> usize {
    let (chains, lanes) = match path {
        Path::Avx512 => (16, 16),
        Path::Avx2 => (12, 8),
        Path::Neon => (16, 4),
        Path::Scalar => (12, 4),
    };
    2 * chains * lanes
}

fn run(path: Path) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `path::active` returns only paths that this CPU supports.
        Path::Avx512 => unsafe { avx512() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `path::active` returns only paths that this CPU supports.
        Path::Avx2 => unsafe { avx2() },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: `path::active` returns only paths that this CPU supports.
        Path::Neon => unsafe { neon() },
        _ => portable(),
    }
}

/// The loop. It has enough independent chains to hide the latency of the instruction, and few enough to fit
/// into the registers. Their values stay near 1, because operations on subnormal numbers are slow.
macro_rules! chains {
    ($count:literal, $splat:expr, $fma:expr) => {{
        let (factor, summand) = (black_box($splat(0.5)), black_box($splat(0.5)));
        let mut chains = black_box([$splat(1.0); $count]);
        for _ in 0..ROUNDS {
            for chain in &mut chains {
                *chain = $fma(*chain, factor, summand);
            }
        }
        black_box(chains);
    }};
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512() {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_set1_ps};
    chains!(16, _mm512_set1_ps, _mm512_fmadd_ps);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2() {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps};
    chains!(12, _mm256_set1_ps, _mm256_fmadd_ps);
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn neon() {
    use std::arch::aarch64::{vdupq_n_f32, vfmaq_f32};
    chains!(16, vdupq_n_f32, |chain, factor, summand| vfmaq_f32(summand, chain, factor));
}

/// Multiplications and additions are not fused, as in the portable vectors.
fn portable() {
    let splat = |x: f32| [x; 4];
    chains!(12, splat, |chain: [f32; 4], factor: [f32; 4], summand: [f32; 4]| {
        std::array::from_fn(|lane| chain[lane] * factor[lane] + summand[lane])
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_one_of_a_processor() {
        // From a slow core without vectors to hundreds of fast ones.
        let peak = fma_peak();
        assert!((1e8..1e15).contains(&peak), "{peak} flop/s");
    }
}
