#![doc = include_str!("../README.md")]

pub mod adam;
pub mod blocks;
pub mod conv;
pub mod noise;
pub mod path;
mod peak;
pub mod philox;
pub mod pool;
pub mod resize;
mod scratch;
mod simd;
pub mod taps;
mod widest;

pub use conv::{ConvShape, Epilogue, Filter, conv, weight_grad};
pub use path::{Path, PathError, cpu_path};
pub use peak::fma_peak;
pub use pool::{parallel_for, set_threads, threads};
