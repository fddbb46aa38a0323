//! Pixel diversity: how much the samples differ from each other.

use ndarray::ArrayView3;

use crate::Error;
use crate::picture::Picture;

/// The diversity of samples relative to the contrast of the picture. Pictures are HxWxC in [-1, 1]; all
/// samples have the same size, which need not be the size of the picture.
///
/// Both parts use the mean of the colour channels of each pixel. The numerator is the standard deviation over
/// the samples (divisor n - 1), averaged over the pixels. The denominator is the standard deviation over the
/// pixels of the picture (divisor n).
///
/// The result is 0 if all samples are equal, and about 1 if a pixel varies as much between the samples as the
/// pixels of the picture vary. It is `None` with fewer than two samples, or if the picture has the same
/// brightness everywhere.
///
/// # Errors
/// [`Error::SizeMismatch`] where samples differ in size; [`Error::Channels`], [`Error::Empty`],
/// [`Error::TooLarge`] and [`Error::Value`] where one is not a picture.
pub fn pixel_diversity(
    real: ArrayView3<'_, f32>,
    samples: &[ArrayView3<'_, f32>],
) -> Result<Option<f64>, Error> {
    let mut spread = Spread::default();
    for sample in samples {
        spread.add(&Picture::new(*sample)?)?;
    }
    Ok(spread.diversity(&Picture::new(real)?))
}

/// Running mean and sum of squared deviations of every pixel (Welford's algorithm), so that samples need not
/// be kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread {
    size: (usize, usize),
    count: usize,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Spread {
    /// Adds one more sample, or fails if its size differs from the size of the samples before it.
    pub(crate) fn add(&mut self, sample: &Picture) -> Result<(), Error> {
        if self.count == 0 {
            let pixels = sample.height * sample.width;
            *self =
                Self { size: sample.size(), count: 0, mean: vec![0.0; pixels], squares: vec![0.0; pixels] };
        } else if self.size != sample.size() {
            return Err(Error::SizeMismatch { expected: self.size, found: sample.size() });
        }
        self.count += 1;
        for ((value, mean), squares) in sample.channel_means().zip(&mut self.mean).zip(&mut self.squares) {
            let deviation = value - *mean;
            *mean += deviation / self.count as f64;
            *squares += deviation * (value - *mean);
        }
        Ok(())
    }

    /// The spread of the samples divided by the contrast of the picture, see [`pixel_diversity`].
    pub(crate) fn diversity(&self, real: &Picture) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let deviations = self.squares.iter().map(|sum| (sum / (self.count - 1) as f64).sqrt());
        let sample_deviation = deviations.sum::<f64>() / self.squares.len() as f64;
        let pixels = (real.height * real.width) as f64;
        let mean = real.channel_means().sum::<f64>() / pixels;
        let real_deviation = (real.channel_means().map(|v| (v - mean).powi(2)).sum::<f64>() / pixels).sqrt();
        (real_deviation > 1e-9).then(|| sample_deviation / real_deviation)
    }
}
