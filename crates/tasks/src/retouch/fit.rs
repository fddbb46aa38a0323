//! How pictures that were changed by hand are laid over a run's training pictures.

use crate::{Error, Result};
use ndarray::{Array2, Array3, Axis};
use pyramid::{Size, Target, imresize};
use train::Run;

/// Shapes that differ by less than this share, or by less than two pixels, count as one shape: programs round sizes.
const SAME_SHAPE: f64 = 0.02;

/// The resizes between a picture's size and that of a run's finest stage.
///
/// Training pictures are resized by a factor and their sizes rounded up, so that 57 rows may cover 342 rows of a
/// picture of 337. A picture that was changed by hand must be resized in the same way: with the factor of
/// the two sizes, it would drift by up to a pixel against the training picture, and every edge would differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    /// The picture's height and width.
    outer: Size,
    /// The finest stage's.
    inner: Size,
    /// The factors from the picture to the finest stage.
    scales: (f64, f64),
}

impl Fit {
    /// That of a picture of this height and width. `what` names it in the error.
    ///
    /// # Errors
    /// [`Error::OtherShape`] where its shape is not that of the training picture.
    pub(crate) fn new(run: &Run, outer: Size, what: &'static str) -> Result<Self> {
        let picture = run.info.picture_size;
        let inner = run.info.sizes[run.info.sizes.len() - 1];
        if !(same_shape(outer, picture) || same_shape(outer, inner)) {
            return Err(Error::OtherShape { what, size: outer, expected: picture });
        }
        let ratio = |inner: usize, outer: usize| inner as f64 / outer as f64;
        let mut scales = (ratio(inner.0, outer.0), ratio(inner.1, outer.1));
        let schedule = run.config.schedule();
        let scale = schedule.finest_scale(picture);
        // The settings of a run that another program trained need not tell how its pictures were made.
        if outer != inner && schedule.finest(picture) == inner {
            scales = (scale * ratio(picture.0, outer.0), scale * ratio(picture.1, outer.1));
        }
        Ok(Self { outer, inner, scales })
    }

    /// That between two sizes whose factors are those of the sizes.
    #[cfg(test)]
    pub(crate) fn between(outer: Size, inner: Size) -> Self {
        let ratio = |inner: usize, outer: usize| inner as f64 / outer as f64;
        Self { outer, inner, scales: (ratio(inner.0, outer.0), ratio(inner.1, outer.1)) }
    }

    /// That of a picture that has the finest stage's size.
    pub(crate) fn inner(&self) -> Self {
        Self { outer: self.inner, inner: self.inner, scales: (1.0, 1.0) }
    }

    /// The picture at the size of the finest stage, clamped to [-1, 1] as training pictures are.
    pub(crate) fn finest(&self, pixels: &Array3<f32>) -> Result<Array3<f32>> {
        if self.outer == self.inner {
            return Ok(pixels.clone());
        }
        Ok(self.down(pixels)?.mapv_into(|v| v.clamp(-1.0, 1.0)))
    }

    /// Pixels of the picture's size at that of the finest stage, not clamped.
    pub(crate) fn down(&self, pixels: &Array3<f32>) -> Result<Array3<f32>> {
        let target = Target::Factors { size: self.inner, scales: self.scales };
        Ok(imresize(pixels.view(), target)?)
    }

    /// Pixels of the finest stage's size at that of the picture, not clamped.
    pub(crate) fn up(&self, pixels: &Array3<f32>) -> Result<Array3<f32>> {
        let scales = (1.0 / self.scales.0, 1.0 / self.scales.1);
        Ok(imresize(pixels.view(), Target::Factors { size: self.outer, scales })?)
    }

    /// A mask of the picture's size at that of the finest stage, in 0..1.
    pub(crate) fn mask_down(&self, mask: &Array2<f32>) -> Result<Array2<f32>> {
        Ok(as_mask(self.down(&with_channel(mask))?))
    }

    /// A mask of the finest stage's size at that of the picture, in 0..1.
    pub(crate) fn mask_up(&self, mask: &Array2<f32>) -> Result<Array2<f32>> {
        Ok(as_mask(self.up(&with_channel(mask))?))
    }
}

/// The coarsest training picture's counterpart of `finest`, a picture of the size of the run's finest stage.
pub(crate) fn coarsest(run: &Run, finest: &Array3<f32>) -> Result<Array3<f32>> {
    let (sizes, schedule) = (&run.info.sizes, run.config.schedule());
    let (size, last) = (sizes[0], sizes[sizes.len() - 1]);
    if size == last {
        return Ok(finest.clone());
    }
    let scale = schedule.scales(last)[0];
    let rounded_up = |side: usize| (side as f64 * scale).ceil() as usize;
    let as_trained = (rounded_up(last.0), rounded_up(last.1)) == size;
    let target = if as_trained { Target::Scale(scale) } else { Target::Size(size) };
    Ok(imresize(finest.view(), target)?.mapv_into(|v| v.clamp(-1.0, 1.0)))
}

/// Whether two sizes have one shape, but for rounding.
fn same_shape(a: Size, b: Size) -> bool {
    let ratio = (a.0 * b.1) as f64 / (a.1 * b.0) as f64;
    let shortest = a.0.min(a.1).min(b.0).min(b.1) as f64;
    (ratio.ln()).abs() < SAME_SHAPE.max(2.0 / shortest)
}

fn with_channel(mask: &Array2<f32>) -> Array3<f32> {
    mask.view().insert_axis(Axis(2)).to_owned()
}

fn as_mask(values: Array3<f32>) -> Array2<f32> {
    values.index_axis_move(Axis(2), 0).mapv_into(|v| v.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_was_rounded_up_is_met_with_its_own_factor() -> Result<()> {
        let picture = Array3::from_shape_fn((337, 500, 1), |(y, x, _)| {
            ((y / 7 + x / 9) % 2) as f32 * 1.6 - 0.8 + (y % 3) as f32 / 20.0
        });
        let scale = 84.0 / 500.0;
        let trained = imresize(picture.view(), Target::Scale(scale))?;
        assert_eq!(trained.dim(), (57, 84, 1));
        let fit = Fit { outer: (337, 500), inner: (57, 84), scales: (scale, scale) };
        assert_eq!(fit.down(&picture)?, trained);
        // The two factors of the sizes alone miss it by far.
        let drifted = imresize(picture.view(), Target::Size((57, 84)))?;
        assert!((&drifted - &trained).mapv_into(f32::abs).mean() > Some(0.01));
        // A ramp comes back to its place.
        let ramp = Array3::from_shape_fn((337, 500, 1), |(y, x, _)| (y + x) as f32 / 900.0);
        let back = fit.up(&fit.down(&ramp)?)?;
        assert!((back[[150, 250, 0]] - ramp[[150, 250, 0]]).abs() < 2e-4);
        assert!((back[[325, 480, 0]] - ramp[[325, 480, 0]]).abs() < 2e-3);
        Ok(())
    }

    #[test]
    fn sizes_of_one_shape_may_be_rounded() {
        assert!(same_shape((337, 500), (57, 84)) && same_shape((17, 25), (342, 512)));
        assert!(!same_shape((337, 500), (500, 337)) && !same_shape((300, 500), (337, 500)));
    }
}
