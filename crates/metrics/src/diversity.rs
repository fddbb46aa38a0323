//! Pixel diversity: how much the samples differ from each other.

use ndarray::ArrayView3;

use crate::Error;
use crate::picture::Picture;

/// Standard deviation over the samples (n - 1) of the channel mean, averaged over pixels, over the standard deviation
/// (over all pixels, population) of the picture's channel mean. Pictures are HxWxC in [-1, 1]; the samples are of one size,
/// which need not be the picture's.
///
/// 0 where all samples are the same; about 1 where a pixel varies over the samples as much as over the picture.
/// `None` with fewer than two samples, or with a picture of one brightness.
///
/// # Errors
///
/// [`Error::SizeMismatch`] where samples differ in size, and when one is no picture.
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

/// Running mean and sum of squared deviations of every pixel (Welford), so that samples need not be kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread {
    size: (usize, usize),
    count: usize,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Spread {
    /// Takes one more sample in.
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
            let before = value - *mean;
            *mean += before / self.count as f64;
            *squares += before * (value - *mean);
        }
        Ok(())
    }

    /// The samples' spread over the picture's.
    pub(crate) fn diversity(&self, real: &Picture) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let deviations = self.squares.iter().map(|sum| (sum / (self.count - 1) as f64).sqrt());
        let of_samples = deviations.sum::<f64>() / self.squares.len() as f64;
        let pixels = (real.height * real.width) as f64;
        let mean = real.channel_means().sum::<f64>() / pixels;
        let of_real = (real.channel_means().map(|v| (v - mean).powi(2)).sum::<f64>() / pixels).sqrt();
        (of_real > 1e-9).then(|| of_samples / of_real)
    }
}
