//! Keeps freed memory in the process instead of returning it to the operating system.

#![allow(unsafe_code)] // one call into the allocator's C library

/// The number of mimalloc's option `mi_option_purge_delay`, which is the same in its versions 2 and 3.
const PURGE_DELAY: i32 = 15;

/// Tells mimalloc, if it is the program's allocator, to keep freed memory for later allocations.
///
/// A training step allocates and frees feature maps of several megabytes about a hundred times. Returning
/// their pages to the operating system and requesting zeroed ones again takes up to a tenth of the step. In
/// exchange, the memory of the program stays at its peak.
pub fn keep_freed_memory() {
    // SAFETY: sets a plain integer option that the library reads atomically; any value is allowed, -1 means
    // never.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
