//! Features between two stages: enlarging them, and changing their moments.

use crate::Result;
use crate::resample::fitted;
use candle_core::{Device, Tensor};
use model::Enlarge;
use ndarray::ArrayView3;
use pyramid::{RowsOf, Size, Target};
use std::ops::Range;

/// Mean and standard deviation of every channel of features `[1, H, W, C]`.
pub(crate) struct Moments(Vec<(f64, f64)>);

/// Sums over the pixels of features that come a few rows at a time.
#[derive(Default)]
pub(crate) struct MomentSums {
    pixels: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

/// A factor and a shift for every channel.
pub(crate) struct Affine {
    factors: Tensor,
    shifts: Tensor,
}

impl MomentSums {
    /// Adds the next rows, `[1, rows, W, C]`.
    pub(crate) fn add(&mut self, rows: &Tensor) -> candle_core::Result<()> {
        let (_, h, w, c) = rows.dims4()?;
        self.sums.resize(c, 0.0);
        self.squares.resize(c, 0.0);
        for pixel in rows.flatten_all()?.to_vec1::<f32>()?.chunks_exact(c) {
            for ((sum, square), &v) in self.sums.iter_mut().zip(&mut self.squares).zip(pixel) {
                *sum += f64::from(v);
                *square += f64::from(v) * f64::from(v);
            }
        }
        self.pixels += h * w;
        Ok(())
    }

    pub(crate) fn moments(&self) -> Moments {
        let count = self.pixels as f64;
        let moments = self.sums.iter().zip(&self.squares).map(|(sum, square)| {
            let mean = sum / count;
            (mean, (square / count - mean * mean).max(0.0).sqrt())
        });
        Moments(moments.collect())
    }
}

impl Moments {
    pub(crate) fn of(features: &Tensor) -> Result<Self> {
        let mut sums = MomentSums::default();
        sums.add(features)?;
        Ok(sums.moments())
    }

    /// What gives features with these moments those of `other`.
    pub(crate) fn to(&self, other: &Self) -> Result<Affine> {
        let (mut factors, mut shifts) = (Vec::new(), Vec::new());
        for (&(mean, deviation), &(wanted_mean, wanted)) in self.0.iter().zip(&other.0) {
            let factor = if deviation > 0.0 { wanted / deviation } else { 1.0 };
            factors.push(factor as f32);
            shifts.push((wanted_mean - mean * factor) as f32);
        }
        let channels = factors.len();
        Ok(Affine {
            factors: Tensor::from_vec(factors, channels, &Device::Cpu)?,
            shifts: Tensor::from_vec(shifts, channels, &Device::Cpu)?,
        })
    }
}

impl Affine {
    pub(crate) fn apply(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        features.broadcast_mul(&self.factors)?.broadcast_add(&self.shifts)
    }
}

/// Channels that are enlarged at once; few, for the sake of memory.
const CHANNELS: usize = 4;

/// Some rows of [`enlarged_features`] of features that were changed by an affine map, to be computed in strips.
pub(crate) struct EnlargedRows {
    affine: Affine,
    of: RowsOf,
    size: Size,
}

impl EnlargedRows {
    /// Of features of the size `from`, as [`enlarged_features`] has it.
    pub(crate) fn new(affine: Affine, from: Size, step: f64, size: Size) -> Result<Self> {
        Ok(Self { affine, of: RowsOf::new(from, Target::Scale(step))?, size })
    }

    /// The rows before the last one is repeated, which rounding can ask for.
    fn inner(&self, rows: Range<usize>) -> Range<usize> {
        let last = self.of.size().0 - 1;
        rows.start.min(last)..rows.end.min(last + 1).max(rows.start.min(last) + 1)
    }
}

impl Enlarge for EnlargedRows {
    fn source(&self, rows: Range<usize>) -> Range<usize> {
        self.of.source(self.inner(rows))
    }

    fn rows(&self, source: &Tensor, rows: Range<usize>) -> model::Result<Tensor> {
        let x = self.affine.apply(source)?;
        let (_, h, w, c) = x.dims4()?;
        let inner = self.inner(rows.clone());
        let mut groups = Vec::with_capacity(c.div_ceil(CHANNELS));
        for first in (0..c).step_by(CHANNELS) {
            let count = CHANNELS.min(c - first);
            let values = x.narrow(3, first, count)?.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
            let part = ArrayView3::from_shape((h, w, count), &values).map_err(candle_core::Error::wrap)?;
            let part = fitted(self.of.resize(part, inner.clone()), (rows.len(), self.size.1));
            let shape = (1, rows.len(), self.size.1, count);
            groups.push(Tensor::from_vec(part.into_raw_vec_and_offset().0, shape, &Device::Cpu)?);
        }
        Ok(Tensor::cat(&groups, 3)?)
    }
}

/// Features enlarged as pictures are: pixels stay where they are in the picture, which aligned corners would shift. A few channels
/// at a time, for the sake of memory.
pub(crate) fn enlarged_features(features: &Tensor, step: f64, size: Size) -> Result<Tensor> {
    let (_, h, w, c) = features.dims4()?;
    let mut groups = Vec::with_capacity(c.div_ceil(CHANNELS));
    for first in (0..c).step_by(CHANNELS) {
        let count = CHANNELS.min(c - first);
        let values = features.narrow(3, first, count)?.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
        let part = ndarray::ArrayView3::from_shape((h, w, count), &values)
            .map_err(|e| candle_core::Error::Msg(e.to_string()))?;
        let part = crate::resample::enlarge(part, step, size)?;
        let values = part.into_raw_vec_and_offset().0;
        groups.push(Tensor::from_vec(values, (1, size.0, size.1, count), features.device())?);
    }
    Ok(Tensor::cat(&groups, 3)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(phase: f32) -> Tensor {
        let values: Vec<f32> =
            (0..5 * 7 * 6).map(|i| (i as f32 * 0.37 + phase).sin() * (i % 6) as f32 + phase).collect();
        Tensor::from_vec(values, (1, 5, 7, 6), &Device::Cpu).expect("features")
    }

    #[test]
    fn moments_become_those_of_others() -> Result<()> {
        let (a, b) = (features(0.2), features(1.4));
        let (from, to) = (Moments::of(&a)?, Moments::of(&b)?);
        let found = Moments::of(&from.to(&to)?.apply(&a)?)?;
        for ((mean, deviation), (wanted_mean, wanted)) in found.0.into_iter().zip(to.0) {
            assert!((mean - wanted_mean).abs() < 1e-4, "{mean} {wanted_mean}");
            // The first channel is the same everywhere and stays so.
            assert!((deviation - wanted).abs() < 1e-4, "{deviation} {wanted}");
        }
        Ok(())
    }

    #[test]
    fn channels_are_enlarged_each_by_itself() -> Result<()> {
        let x = features(0.3);
        let found = enlarged_features(&x, 1.6, (8, 12))?;
        assert_eq!(found.dims(), [1, 8, 12, 6]);
        let one = enlarged_features(&x.narrow(3, 5, 1)?, 1.6, (8, 12))?;
        assert_eq!(
            found.narrow(3, 5, 1)?.flatten_all()?.to_vec1::<f32>()?,
            one.flatten_all()?.to_vec1::<f32>()?
        );
        Ok(())
    }
}
