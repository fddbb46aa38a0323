#![doc = include_str!("../README.md")]

mod contrast;
mod error;
mod features;
mod fidelity;
mod growth;
mod mode;
mod pairs;
mod perceptual;
mod request;
mod resample;
mod residual;
mod store;
mod strips;
mod trust;

pub use error::{Error, Result};
pub use fidelity::Enlarger;
pub use mode::UpscaleMode;
pub use perceptual::{upscale_with_run, upscaling_run};
pub use request::{UpscaleRequest, check_upscale};
