#![doc = include_str!("../README.md")]

pub mod dehazing;
mod haze;
pub mod retouching;
pub mod trial;
pub mod upscaling;

pub use haze::random_haze;
