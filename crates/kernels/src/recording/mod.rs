//! Recording and replaying GPU work, and reading values while more work is queued.

#[cfg(feature = "cuda")]
mod graph;
#[cfg(feature = "cuda")]
mod pinned;
#[cfg(feature = "cuda")]
pub(crate) mod profile;
pub(crate) mod readback;
pub(crate) mod replay;
