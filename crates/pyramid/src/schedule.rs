//! The sizes of the training stages, and the training pictures.
//!
//! The sizes equal those of the reference implementation. The order of the `f64` operations matters, because
//! a side is rounded up, so that a tiny rounding error above a whole number adds a pixel. On Linux, `powf`
//! and `ln` are those of the C library, as in Python; on other systems a size can differ by one pixel in rare
//! cases.

use std::ops::RangeInclusive;

use limits::within;

use crate::{Error, Picture, Size, Target, imresize};

/// How the sizes of the stages are spaced between the coarsest and the finest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// The spacing of ConSinGAN: more stages at small sizes, which determine the global layout of samples.
    #[default]
    Improved,
    /// The spacing of SinGAN: each stage is larger than the one before by the same factor. Harmonization uses
    /// it.
    Geometric,
}

/// Determines the number and the sizes of the stages. [`Default`] has the values of the official program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Shorter side of the coarsest stage in pixels.
    pub min_size: usize,
    /// Longer side of the finest stage in pixels, at most; smaller pictures are never enlarged.
    pub max_size: usize,
    /// Number of stages.
    pub stages: usize,
    /// How the sizes are spaced.
    pub spacing: Spacing,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { min_size: 25, max_size: 250, stages: 6, spacing: Spacing::Improved }
    }
}

/// Makes the training pictures, one per stage, coarsest first, in the sizes of [`Schedule::sizes`].
///
/// All are resized from the finest, in floats, and clamped to [-1, 1] after every resize. `smallest` is the
/// receptive field of the network in pixels, below which no side may fall.
///
/// # Errors
/// As [`Schedule::sizes`].
pub fn pyramid(picture: &Picture, schedule: &Schedule, smallest: usize) -> Result<Vec<Picture>, Error> {
    schedule.sizes(picture.size(), smallest)?;
    let resized = |from: &Picture, scale, size| {
        // A picture that needs no resize is only copied.
        if scale == 1.0 {
            return Ok(from.clone());
        }
        let target = Target::Factors { size, scales: (scale, scale) };
        Picture::from_pixels(imresize(from.pixels(), target)?)
    };
    let finest = resized(picture, schedule.finest_scale(picture.size()), schedule.finest(picture.size()))?;
    let mut stages = Vec::with_capacity(schedule.stages);
    for scale in schedule.scales(finest.size()) {
        stages.push(resized(&finest, scale, scaled(finest.size(), scale))?);
    }
    stages.push(finest);
    Ok(stages)
}

impl Schedule {
    /// The range of `stages`.
    pub const STAGES: RangeInclusive<usize> = 1..=64;
    /// The range of `min_size` and `max_size` in pixels.
    pub const SIZES: RangeInclusive<usize> = 1..=16384;

    /// The height and width of each stage for a picture of this height and width, in pixels, coarsest first.
    ///
    /// `smallest` is the shortest side that the network can be trained on, its receptive field, in pixels.
    /// The last stage is the picture itself, scaled down to `max_size` if it is larger; with one stage it is
    /// the only stage.
    ///
    /// # Errors
    /// [`Error::Shape`] for a picture without pixels, [`Error::Range`], [`Error::MinAboveMax`],
    /// [`Error::Shrinking`] if a stage would be smaller than the one before; [`Error::PictureTooSmall`],
    /// [`Error::FinestTooSmall`] or [`Error::StageTooSmall`] if one would be smaller than `smallest`.
    pub fn sizes(&self, picture: Size, smallest: usize) -> Result<Vec<Size>, Error> {
        self.check(picture)?;
        let finest = self.finest(picture);
        let short = finest.0.min(finest.1);
        if picture.0.min(picture.1) < smallest {
            return Err(Error::PictureTooSmall { picture, smallest });
        }
        if short < smallest {
            // The next check must not fail with the size that is named here.
            let coarsest = if self.stages > 1 { self.min_size } else { 0 };
            let fits = picture.0.min(picture.1) >= coarsest;
            let enough = enough_max_size(picture, if fits { smallest.max(coarsest) } else { smallest });
            return Err(Error::FinestTooSmall { size: finest, smallest, enough });
        }
        let (min_size, max_size) = (self.min_size, self.max_size);
        if self.stages > 1 && short < min_size {
            let enough = enough_max_size(picture, min_size);
            return Err(Error::Shrinking { min_size, max_size, short, picture, enough });
        }
        let mut sizes: Vec<Size> =
            self.scales(finest).into_iter().map(|scale| scaled(finest, scale)).collect();
        sizes.push(finest);
        if let Some(stage) = sizes.iter().position(|size| size.0.min(size.1) < smallest) {
            return Err(Error::StageTooSmall { stage, size: sizes[stage], smallest });
        }
        Ok(sizes)
    }

    fn check(&self, (height, width): Size) -> Result<(), Error> {
        if height == 0 || width == 0 {
            return Err(Error::Shape { height, width, channels: 1 });
        }
        within("train-stages", self.stages, Self::STAGES)?;
        within("min-size", self.min_size, Self::SIZES)?;
        within("max-size", self.max_size, Self::SIZES)?;
        if self.min_size > self.max_size {
            return Err(Error::MinAboveMax { min_size: self.min_size, max_size: self.max_size });
        }
        Ok(())
    }

    /// The factor from a picture of this height and width to the finest stage, at most 1.
    pub fn finest_scale(&self, (height, width): Size) -> f64 {
        (self.max_size as f64 / height.max(width) as f64).min(1.0)
    }

    /// The height and width of the finest stage for a picture of this height and width. Sides are rounded up, but never
    /// beyond `max_size`: 319 pixels times 100/319 are a little more than 100 in floats.
    pub fn finest(&self, picture: Size) -> Size {
        let scale = self.finest_scale(picture);
        let (height, width) = scaled(picture, scale);
        if scale < 1.0 { (height.min(self.max_size), width.min(self.max_size)) } else { (height, width) }
    }

    /// The factors from a finest stage of this height and width to each of the others, coarsest first.
    pub fn scales(&self, (height, width): Size) -> Vec<f64> {
        let last = self.stages - 1;
        let factor = (self.min_size as f64 / height.min(width) as f64).powf(1.0 / last as f64);
        let exponent = |stage: usize| match self.spacing {
            // With two stages both formulas give 1, but this one would divide by ln(1).
            Spacing::Improved if last > 1 => {
                (last - 1) as f64 / (last as f64).ln() * ((last - stage) as f64).ln() + 1.0
            }
            _ => (last - stage) as f64,
        };
        (0..last).map(|stage| factor.powf(exponent(stage))).collect()
    }
}

/// The height and width of a picture scaled by a factor, rounded up.
fn scaled((height, width): Size, scale: f64) -> Size {
    ((height as f64 * scale).ceil() as usize, (width as f64 * scale).ceil() as usize)
}

/// The smallest `max_size` for which the shorter side of the finest stage is at least `needed` pixels. `None`
/// if the picture itself is smaller, or so elongated that no value in [`Schedule::SIZES`] is large enough.
fn enough_max_size(picture: Size, needed: usize) -> Option<usize> {
    let (short, long) = (picture.0.min(picture.1), picture.0.max(picture.1));
    let enough = |max_size: usize| {
        let finest = scaled(picture, (max_size as f64 / long as f64).min(1.0));
        finest.0.min(finest.1) >= needed
    };
    // Except for rounding, (needed - 1) * long / short is one pixel too small, so that the search can start
    // there.
    let start = ((needed - 1) * long / short).max(1);
    (start..=long).find(|&max_size| enough(max_size)).filter(|max_size| Schedule::SIZES.contains(max_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_that_an_error_names_is_enough() {
        let sides = [11, 12, 16, 25, 40, 90, 200, 333, 1000, 2500];
        let settings = [(11, 60), (16, 100), (16, 150), (25, 250), (40, 64), (90, 250)];
        for (height, width) in sides.iter().flat_map(|&h| sides.map(|w| (h, w))) {
            for (min_size, max_size, stages) in
                settings.iter().flat_map(|&(a, b)| [1, 2, 6].map(|n| (a, b, n)))
            {
                let schedule = Schedule { min_size, max_size, stages, ..Schedule::default() };
                let enough = match schedule.sizes((height, width), 11) {
                    Err(Error::FinestTooSmall { enough, .. } | Error::Shrinking { enough, .. }) => enough,
                    _ => None,
                };
                let Some(enough) = enough.filter(|_| height.min(width) >= min_size) else { continue };
                let larger = Schedule { max_size: enough, ..schedule };
                assert!(
                    larger.sizes((height, width), 11).is_ok(),
                    "{height}x{width}, {schedule:?}: {enough}"
                );
            }
        }
    }

    #[test]
    fn no_side_exceeds_max_size() {
        let schedule = Schedule { max_size: 100, ..Schedule::default() };
        for long in 101..3000 {
            let (_, width) = schedule.finest((long / 2, long));
            assert_eq!(width, 100, "{long}");
        }
    }
}
