//! Keeping freed memory instead of handing it back.

#![allow(unsafe_code)] // one call into the allocator's library

/// `mi_option_purge_delay` of mimalloc, the same in its versions 2 and 3.
const PURGE_DELAY: i32 = 15;

/// Tells mimalloc, where it is the program's allocator, to keep what is freed for the next allocation.
///
/// A training step makes and drops feature maps of megabytes a hundred times; handing their pages back and getting zeroed
/// ones again costs as much as a tenth of the step. The program's memory then stays at its peak.
pub fn keep_freed_memory() {
    // SAFETY: sets a plain integer option that the library reads atomically; any value is allowed, -1 means never.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
