//! Whether freed memory is kept in the process or returned to the operating system.

#![allow(unsafe_code)] // one call into the allocator's C library

/// The number of mimalloc's option `mi_option_purge_delay`, which is the same in its versions 2 and 3.
const PURGE_DELAY: i32 = 15;

/// Tells mimalloc, if it is the program's allocator, to keep freed memory for later allocations.
///
/// A training step allocates and frees feature maps of several megabytes about a hundred times. Returning
/// their pages to the operating system and requesting zeroed ones again takes up to a tenth of the step. In
/// exchange, the memory of the program stays at its peak.
pub fn keep_freed_memory() {
    set_purge_delay(-1);
}

/// Tells mimalloc, if it is the program's allocator, to return freed memory at once: for work whose memory comes in pieces
/// of many sizes, which would not fit into one another's places.
pub fn return_freed_memory() {
    set_purge_delay(0);
}

/// Milliseconds after which freed memory is returned; -1: never.
fn set_purge_delay(milliseconds: i32) {
    // SAFETY: sets a plain integer option that the library reads atomically; any value is allowed.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds.into()) };
}
