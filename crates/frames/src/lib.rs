#![doc = include_str!("../README.md")]

mod apng;
mod error;
mod format;
mod gif;
mod timing;
mod webp;
mod write;

pub use error::{Error, Result};
pub use format::Format;
pub use write::write;
