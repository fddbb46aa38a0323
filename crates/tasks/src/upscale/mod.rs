//! Super-resolution: a picture enlarged by what it tells about itself.

mod contrast;
mod evaluate;
mod fidelity;
mod pairs;
mod perceptual;
mod resample;
mod residual;
mod strips;
mod trust;

pub use evaluate::{Likeness, experiment, experiment2};
pub use fidelity::{Enlarger, FidelitySettings};
pub use perceptual::{PerceptualSettings, TASK as UPSCALING, perceptual_config, upscale_with_run};

use crate::{Error, Result};
use pyramid::Size;

/// Largest factor of an enlargement.
pub(crate) const LARGEST: f64 = 32.0;

/// A factor above 1, to 32.
fn check_factor(factor: f64) -> Result<()> {
    if factor > 1.0 && factor <= LARGEST {
        return Ok(());
    }
    Err(Error::Value {
        name: "factor",
        value: factor.to_string(),
        expected: format!("above 1, at most {LARGEST}"),
    })
}

fn check_niter(niter: usize) -> Result<()> {
    if (1..=1_000_000).contains(&niter) {
        return Ok(());
    }
    let expected = "between 1 and 1000000".into();
    Err(Error::Value { name: "niter", value: niter.to_string(), expected })
}

/// An output of at most `most` pixels.
fn check_output((h, w): Size, most: usize) -> Result<()> {
    if h.saturating_mul(w) <= most {
        return Ok(());
    }
    let expected = format!("at most {} million pixels in all", most / 1_000_000);
    Err(Error::Value { name: "the output size", value: format!("{h}x{w}"), expected })
}
