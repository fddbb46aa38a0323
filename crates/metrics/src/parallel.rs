//! Distributes work over threads such that the result does not depend on the number of threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The number of threads to use: `wanted`, or one per core if it is `None`.
pub(crate) fn threads(wanted: Option<NonZeroUsize>) -> usize {
    wanted.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// The results of `work(0)` to `work(count - 1)`, in this order, computed by up to `threads` threads.
pub(crate) fn map<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let done = fold(count, threads, Vec::new, |done, index| done.push((index, work(index))));
    let mut results: Vec<_> = done.into_iter().flatten().collect();
    results.sort_unstable_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Each thread starts an accumulator and adds items 0 to `count - 1` to it, always in ascending order of the
/// index. Which thread takes which item is not defined, so the caller must merge the accumulators in a way
/// that does not depend on it.
pub(crate) fn fold<A: Send>(
    count: usize,
    threads: usize,
    start: impl Fn() -> A + Sync,
    add: impl Fn(&mut A, usize) + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut accumulator = start();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return accumulator;
            }
            add(&mut accumulator, index);
        }
    };
    let extra = threads.min(count).saturating_sub(1);
    thread::scope(|scope| {
        let handles: Vec<_> = (0..extra).map(|_| scope.spawn(worker)).collect();
        let mut accumulators = vec![worker()];
        for handle in handles {
            accumulators.push(handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        accumulators
    })
}
