//! Super-resolution: a picture enlarged by what it tells about itself.

mod contrast;
mod evaluate;
mod features;
mod fidelity;
mod pairs;
mod perceptual;
mod resample;
mod residual;
mod store;
mod strips;
mod trust;

pub use evaluate::{Likeness, UpscalingRow, evaluate_upscaling};
pub use fidelity::Enlarger;
pub use perceptual::{TASK as UPSCALING, upscale_with_run, upscaling_run};

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

/// How a picture's own enlarger is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct UpscaleSettings {
    /// Seed of every random number, 0 to 2^63 - 1.
    pub seed: u64,
    /// Iterations, 1 to 1000000: of each stage (perceptual), or of all (fidelity; half as many go before them).
    pub niter: usize,
    /// Longer side of what is trained on, pixels, 16 to 8192.
    pub max_size: usize,
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

impl UpscaleSettings {
    /// The settings of a mode: some two minutes on two cores for a picture of 128 pixels.
    pub fn of(mode: UpscaleMode) -> Self {
        match mode {
            UpscaleMode::Fidelity => UpscaleSettings { seed: 0, niter: 600, max_size: 400 },
            UpscaleMode::Perceptual => UpscaleSettings { seed: 0, niter: 300, max_size: 128 },
        }
    }

    fn check(&self) -> Result<()> {
        let range = |name, value: usize, min: usize, max: usize| {
            if (min..=max).contains(&value) {
                return Ok(());
            }
            let expected = format!("between {min} and {max}");
            Err(Error::Value { name, value: value.to_string(), expected })
        };
        range("niter", self.niter, 1, 1_000_000)?;
        range("max-size", self.max_size, 16, 8192)
    }
}
