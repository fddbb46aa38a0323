//! Features between two stages: enlarging them, and changing their moments.

use crate::Result;
use candle_core::Tensor;
use pyramid::Size;

/// Mean and standard deviation of every channel of features `[1, H, W, C]`.
pub(crate) struct Moments(Vec<(f64, f64)>);

impl Moments {
    pub(crate) fn of(features: &Tensor) -> Result<Self> {
        let (_, h, w, c) = features.dims4()?;
        let values = features.flatten_all()?.to_vec1::<f32>()?;
        let (mut sums, mut squares) = (vec![0.0; c], vec![0.0; c]);
        for pixel in values.chunks_exact(c) {
            for ((sum, square), &v) in sums.iter_mut().zip(&mut squares).zip(pixel) {
                *sum += f64::from(v);
                *square += f64::from(v) * f64::from(v);
            }
        }
        let count = (h * w) as f64;
        let moments = sums.iter().zip(&squares).map(|(sum, square)| {
            let mean = sum / count;
            (mean, (square / count - mean * mean).max(0.0).sqrt())
        });
        Ok(Self(moments.collect()))
    }

    /// `features`, whose moments these are, with those of `other`.
    pub(crate) fn turned_into(&self, other: &Self, features: &Tensor) -> Result<Tensor> {
        let (mut factors, mut shifts) = (Vec::new(), Vec::new());
        for (&(mean, deviation), &(wanted_mean, wanted)) in self.0.iter().zip(&other.0) {
            let factor = if deviation > 0.0 { wanted / deviation } else { 1.0 };
            factors.push(factor as f32);
            shifts.push((wanted_mean - mean * factor) as f32);
        }
        let channels = factors.len();
        let factors = Tensor::from_vec(factors, channels, features.device())?;
        let shifts = Tensor::from_vec(shifts, channels, features.device())?;
        Ok(features.broadcast_mul(&factors)?.broadcast_add(&shifts)?)
    }
}

/// Features enlarged as pictures are: pixels stay where they are in the picture, which aligned corners would shift. A few channels
/// at a time, for the sake of memory.
pub(crate) fn enlarged_features(features: &Tensor, step: f64, size: Size) -> Result<Tensor> {
    const CHANNELS: usize = 4;
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
    use candle_core::Device;

    fn features(phase: f32) -> Tensor {
        let values: Vec<f32> =
            (0..5 * 7 * 6).map(|i| (i as f32 * 0.37 + phase).sin() * (i % 6) as f32 + phase).collect();
        Tensor::from_vec(values, (1, 5, 7, 6), &Device::Cpu).expect("features")
    }

    #[test]
    fn moments_become_those_of_others() -> Result<()> {
        let (a, b) = (features(0.2), features(1.4));
        let (from, to) = (Moments::of(&a)?, Moments::of(&b)?);
        let found = Moments::of(&from.turned_into(&to, &a)?)?;
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
