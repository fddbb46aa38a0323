//! The settings of dehazing, and the check of the picture.

use crate::maps::{brightness, colours, quantile};
use crate::{Error, Result};
use limits::{above_zero, within};
use pyramid::Picture;

/// The method of dehazing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The multi-stage generator, trained on the picture.
    #[default]
    MultiStage,
    /// The dark channel prior with a guided filter (He, Sun and Tang), in a moment.
    DarkChannelPrior,
}

/// The settings; only the method matters to the dark channel prior.
#[derive(Clone, Debug)]
pub struct DehazeRequest {
    /// How.
    pub method: Method,
    /// Seed of the network's weights and of what it is shown, 0 to 2^63 - 1.
    pub seed: u64,
    /// Longer side of what is trained on in pixels, 32 to 1024. What comes out always has the input's size.
    pub max_size: usize,
    /// Iterations a stage, 0 (the prior alone) to 100000.
    pub niter: usize,
    /// Stages, 1 to 8.
    pub stages: usize,
    /// Channels between the convolutions, 1 to 1024.
    pub filters: usize,
    /// Learning rate of both networks, above 0, to 1.
    pub rate: f64,
}

impl Default for DehazeRequest {
    fn default() -> Self {
        Self {
            method: Method::MultiStage,
            seed: 0,
            max_size: 100,
            niter: 200,
            stages: 3,
            filters: 32,
            rate: 5e-4,
        }
    }
}

/// Shortest side that is accepted. Smaller pictures do not show where haze is.
const LEAST_SIDE: usize = 16;

/// Least difference between the lightest and the darkest hundredth of a picture, of a range of 1.
const LEAST_RANGE: f32 = 2.5 / 255.0;

impl DehazeRequest {
    /// Checks the settings and whether something can be seen in `picture`.
    pub(crate) fn check(&self, picture: &Picture) -> Result<()> {
        within("seed", self.seed, 0..=i64::MAX as u64)?;
        within("max-size", self.max_size, 32..=1024)?;
        within("niter", self.niter, 0..=100_000)?;
        within("train-stages", self.stages, 1..=8)?;
        within("filters", self.filters, 1..=1024)?;
        above_zero("rate", self.rate, 1.0)?;
        let (h, w) = picture.size();
        if h.min(w) < LEAST_SIDE {
            return Err(Error::Small { size: (h, w), least: LEAST_SIDE });
        }
        let light = brightness(colours(picture).view());
        let (low, high) = (quantile(light.iter().copied(), 0.01), quantile(light.iter().copied(), 0.99));
        if high - low < LEAST_RANGE {
            return Err(Error::Even { level: (low * 255.0).round() as u8 });
        }
        Ok(())
    }
}
