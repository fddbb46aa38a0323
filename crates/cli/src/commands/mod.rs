//! The commands, a file each: its arguments first, then how it runs.

pub(crate) mod animate;
pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod dehaze;
pub(crate) mod evaluate;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod paint;
pub(crate) mod report;
pub(crate) mod retouch;
pub(crate) mod sample;
pub(crate) mod train;
pub(crate) mod upscale;
