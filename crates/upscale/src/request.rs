//! The settings of an enlargement, and their check.

use crate::resample::enlarged_size;
use crate::{Error, Result, UpscaleMode};
use limits::{OutOfRange, within};
use pyramid::Size;

/// How large a picture becomes, and how what enlarges it is trained on the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct UpscaleRequest {
    /// What the enlargement should be like.
    pub mode: UpscaleMode,
    /// The factor, above 1, at most 32.
    pub factor: f64,
    /// Seed of every random number, 0 to 2^63 - 1.
    pub seed: u64,
    /// Iterations, 1 to 1000000: of each stage (perceptual), or of all (fidelity; half as many go before
    /// them).
    pub niter: usize,
    /// Longer side of what is trained on, pixels, 16 to 8192.
    pub max_size: usize,
}

/// Largest factor of an enlargement.
const LARGEST: f64 = 32.0;

/// Checks a factor (above 1, to 32) and what it makes of a picture of `size`; returns the result's height and
/// width.
///
/// # Errors
/// [`Error::Range`], and [`Error::TooLarge`] with the largest factor that fits.
pub fn check_upscale(size: Size, factor: f64, mode: UpscaleMode) -> Result<Size> {
    if !(factor > 1.0 && factor <= LARGEST) {
        return Err(OutOfRange::new("factor", factor, format!("above 1, at most {LARGEST}")).into());
    }
    let (h, w) = enlarged_size(size, factor);
    let most = pyramid::MAX_PIXELS;
    if h.saturating_mul(w) <= most {
        return Ok((h, w));
    }
    let fits = (most as f64 / (size.0 * size.1) as f64).sqrt();
    // The sides are rounded up: a little less than what fits without.
    let fits = ((fits - 1.0 / size.0.min(size.1) as f64) * 100.0).floor() / 100.0;
    Err(Error::TooLarge { size: (h, w), mode, most, fits: (fits > 1.0).then_some(fits) })
}

impl UpscaleRequest {
    /// The request of a mode, by a factor of 2: some two minutes on two cores for a picture of 128 pixels.
    pub fn of(mode: UpscaleMode) -> Self {
        match mode {
            UpscaleMode::Fidelity => Self { mode, factor: 2.0, seed: 0, niter: 600, max_size: 400 },
            UpscaleMode::Perceptual => Self { mode, factor: 2.0, seed: 0, niter: 300, max_size: 128 },
        }
    }

    /// Checks how it is trained; [`check_upscale`] checks the factor.
    pub(crate) fn check_training(&self) -> Result<()> {
        within("niter", self.niter, 1..=1_000_000)?;
        Ok(within("max-size", self.max_size, 16..=8192)?)
    }
}

impl Default for UpscaleRequest {
    fn default() -> Self {
        Self::of(UpscaleMode::default())
    }
}
