//! Working memory that outlives a call: every thread keeps what it has once used, so that a training step, which
//! repeats the same shapes thousands of times, allocates nothing.

use std::cell::RefCell;

/// A cache line, and the largest vector register.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "only read through the slice that `with` makes")] [f32; 16]);

/// What a buffer is for. A buffer can be in use once a thread.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    /// Transformed or repacked weights, shared by all tasks of a call.
    Filter,
    /// Sums that tasks leave for each other.
    Partial,
    /// What one task works on.
    Block,
}

thread_local! {
    static BUFFERS: RefCell<[Vec<Line>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// Calls `f` with a buffer of at least `len` numbers, aligned to 64 bytes, whose contents are whatever they are.
pub(crate) fn with<R>(purpose: Use, len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut lines = BUFFERS.with_borrow_mut(|buffers| std::mem::take(&mut buffers[purpose as usize]));
    let wanted = len.div_ceil(16);
    if lines.len() < wanted {
        // Not `resize`: there is nothing worth copying.
        lines = vec![Line([0.0; 16]); wanted];
    }
    let result = f(as_floats(&mut lines));
    BUFFERS.with_borrow_mut(|buffers| buffers[purpose as usize] = lines);
    result
}

#[allow(unsafe_code)] // one cast
fn as_floats(lines: &mut [Line]) -> &mut [f32] {
    // SAFETY: a `Line` is exactly 16 floats without padding.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * 16) }
}
