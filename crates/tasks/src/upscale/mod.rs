//! Super-resolution: a picture enlarged, by what it tells about itself.

mod evaluate;
mod fidelity;
mod pairs;
mod resample;
mod strips;

pub use evaluate::{Likeness, experiment};
pub use fidelity::FidelitySettings;
