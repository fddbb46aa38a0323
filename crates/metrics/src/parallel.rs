//! Work spread over the thread pool such that the result does not depend on the number of threads.

use std::sync::{Mutex, PoisonError};

/// `work(0), work(1), ... work(count - 1)`, in this order.
pub(crate) fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut results: Vec<Option<T>> = (0..count).map(|_| None).collect();
    cpu::blocks::blocks(&mut results, 1, |index, slot| slot[0] = Some(work(index)));
    results.into_iter().flatten().collect()
}

/// Each thread starts an accumulator and adds items 0 to `count - 1` to it, always in ascending order of the
/// index. Which thread takes which item is not defined, so the caller must merge the accumulators in a way
/// that does not depend on it.
pub(crate) fn fold<A: Send>(
    count: usize,
    start: impl Fn() -> A + Sync,
    add: impl Fn(&mut A, usize) + Sync,
) -> Vec<A> {
    let accumulators: Vec<Mutex<Option<A>>> = (0..cpu::threads().max(1)).map(|_| Mutex::new(None)).collect();
    cpu::parallel_for(count, |index, worker| {
        // No two items under way share a worker: the lock is never waited for, and the remainder is a safeguard against a
        // number of threads that is changed meanwhile.
        let slot = &accumulators[worker % accumulators.len()];
        let mut accumulator = slot.lock().unwrap_or_else(PoisonError::into_inner);
        add(accumulator.get_or_insert_with(&start), index);
    });
    let finished = accumulators.into_iter();
    finished.filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}
