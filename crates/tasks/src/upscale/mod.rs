//! Super-resolution: a picture enlarged by what it tells about itself.

mod contrast;
mod evaluate;
mod fidelity;
mod pairs;
mod perceptual;
mod resample;
mod residual;
mod store;
mod strips;
mod trust;

pub use evaluate::{Likeness, experiment, experiment2};
pub use fidelity::{Enlarger, FidelitySettings};
pub use perceptual::{PerceptualSettings, TASK as UPSCALING, perceptual_config, upscale_with_run};

use crate::sizes::{LONGEST, MOST_PIXELS};
use crate::{Error, Result};
use pyramid::Size;

/// What an enlargement should be like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpscaleMode {
    /// Near to the true pixels.
    #[default]
    Fidelity,
    /// Like a picture of that size, with detail that is made up.
    Perceptual,
}

/// Largest factor of an enlargement.
const LARGEST: f64 = 32.0;

/// Checks a factor (above 1, to 32) and what it makes of a picture of `size`; returns the result's height and width.
///
/// The perceptual mode has to hold the features of the whole result, some 1 KiB a pixel.
pub fn check_upscale(size: Size, factor: f64, mode: UpscaleMode) -> Result<Size> {
    if !(factor > 1.0 && factor <= LARGEST) {
        let expected = format!("above 1, at most {LARGEST}");
        return Err(Error::Value { name: "factor", value: factor.to_string(), expected });
    }
    let (h, w) = resample::enlarged_size(size, factor);
    let (most, longest, hint) = match mode {
        UpscaleMode::Fidelity => (pyramid::MAX_PIXELS, usize::MAX, ""),
        UpscaleMode::Perceptual => (MOST_PIXELS, LONGEST, ", or take --mode fidelity"),
    };
    if h.saturating_mul(w) <= most && h.max(w) <= longest {
        return Ok((h, w));
    }
    let fits =
        (most as f64 / (size.0 * size.1) as f64).sqrt().min(longest as f64 / size.0.max(size.1) as f64);
    // The sides are rounded up: a little less than what fits without.
    let fits = ((fits - 1.0 / size.0.min(size.1) as f64) * 100.0).floor() / 100.0;
    let way_out =
        if fits > 1.0 { format!("a factor of {fits:.2} fits") } else { "use a smaller picture".into() };
    let expected = format!("at most {:.0} million pixels; {way_out}{hint}", most as f64 / 1e6);
    Err(Error::Value { name: "the output size", value: format!("{h}x{w}"), expected })
}

fn check_niter(niter: usize) -> Result<()> {
    if (1..=1_000_000).contains(&niter) {
        return Ok(());
    }
    let expected = "between 1 and 1000000".into();
    Err(Error::Value { name: "niter", value: niter.to_string(), expected })
}
