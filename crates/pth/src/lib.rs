#![doc = include_str!("../README.md")]

mod calls;
mod error;
mod file;
mod pickle;
#[cfg(test)]
mod tests;
mod value;

pub use error::{Error, Result};
pub use file::TorchFile;
