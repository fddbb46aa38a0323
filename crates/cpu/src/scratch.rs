//! Working memory that is kept between calls. Every thread keeps its buffers, so that a training step, which
//! repeats the same shapes thousands of times, does not allocate.

use std::cell::RefCell;

/// 64 bytes: the size of a cache line and of the largest vector register.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "only read through the slice that `with` makes")] [f32; 16]);

/// The purpose of a buffer. Each thread has one buffer for each purpose.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    /// Transformed or repacked weights, shared by all tasks of a call.
    Filter,
    /// Partial sums of tasks, which are added up later.
    Partial,
    /// Data of a single task.
    Block,
}

thread_local! {
    static BUFFERS: RefCell<[Vec<Line>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// Calls `f` with a buffer of at least `len` numbers, aligned to 64 bytes, with unspecified contents.
pub(crate) fn with<R>(purpose: Use, len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut lines = BUFFERS.with_borrow_mut(|buffers| std::mem::take(&mut buffers[purpose as usize]));
    let wanted = len.div_ceil(16);
    if lines.len() < wanted {
        // `resize` would copy the old contents, which are not needed.
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
