#![doc = include_str!("../README.md")]

mod error;
mod frechet;
mod inception;

pub use error::{Error, Result};
pub use inception::{Features, Inception};
