//! The commands, one file each: first the arguments, then the function that runs it.

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
