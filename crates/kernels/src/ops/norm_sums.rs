//! The statistics of [`crate::norm_stats`] for a picture that comes a few rows at a time.
//!
//! [`crate::norm_stats`] reads the picture twice: for the means, and for the squares of the distances from them. The second
//! reading can nearly always be saved: squares around an estimate of the mean give those around the mean but for rounding,
//! which is bounded, and where every value within the bound gives the same f32, it is the one of two readings.

use super::norm::{EPS, ROWS};
use crate::storage::values;
use candle_core::{Device, Result, Storage, Tensor, bail};
use cpu::blocks::blocks;

/// Sums over the pixels of one picture, in the order of [`crate::norm_stats`]. On the CPU only.
#[derive(Debug)]
pub struct NormSums {
    channels: usize,
    /// What is subtracted before squaring; known after the first block of pixels.
    around: Option<Vec<f64>>,
    pixels: usize,
    /// Pixels that do not yet make a block.
    rest: Vec<f32>,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

/// What [`NormSums::stats`] knows.
#[derive(Debug)]
pub enum Gathered {
    /// The statistics, `[1, 3, C]`.
    Stats(Tensor),
    /// The means. A second reading around them ([`NormSums::around`]) gives the statistics.
    Means(Vec<f64>),
}

impl NormSums {
    /// Sums of pixels of `channels` channels.
    pub fn new(channels: usize) -> Self {
        let zeros = vec![0.0; channels];
        Self { channels, around: None, pixels: 0, rest: Vec::new(), sums: zeros.clone(), squares: zeros }
    }

    /// Sums of a second reading of the same pixels, whose means are these.
    pub fn around(means: Vec<f64>) -> Self {
        Self { around: Some(means.clone()), ..Self::new(means.len()) }
    }

    /// Adds the next rows, `z [1, H, W, C]`.
    ///
    /// # Errors
    /// If `z` has another number of channels, is not f32 and contiguous, or is on a GPU.
    pub fn add(&mut self, z: &Tensor) -> Result<()> {
        let (_, _, _, c) = z.dims4()?;
        if c != self.channels || c == 0 {
            bail!("norm_sums: {c} channels, not {}", self.channels)
        }
        let (storage, layout) = z.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else { bail!("norm_sums: only on the CPU") };
        let mut z = values(storage, layout)?;
        self.pixels += z.len() / c;
        if !self.rest.is_empty() {
            let taken = (ROWS * c - self.rest.len()).min(z.len());
            self.rest.extend_from_slice(&z[..taken]);
            z = &z[taken..];
            if self.rest.len() < ROWS * c {
                return Ok(());
            }
            let block = std::mem::take(&mut self.rest);
            self.add_blocks(&block);
        }
        let whole = z.len() / (ROWS * c) * ROWS * c;
        self.add_blocks(&z[..whole]);
        self.rest.extend_from_slice(&z[whole..]);
        Ok(())
    }

    /// The statistics of all pixels that were added, as [`crate::norm_stats`] computes them, with `weight [C]`.
    ///
    /// # Errors
    /// If `weight` is not `[C]` or nothing was added.
    pub fn stats(mut self, weight: &Tensor) -> Result<Gathered> {
        let weights = weight.to_vec1::<f32>()?;
        if weights.len() != self.channels || self.pixels == 0 {
            bail!("norm_sums: {} weights, {} channels, {} pixels", weights.len(), self.channels, self.pixels)
        }
        let rest = std::mem::take(&mut self.rest);
        self.add_blocks(&rest);
        let around = self.around.take().unwrap_or_default();
        let means: Vec<f64> = self.sums.iter().map(|sum| sum / self.pixels as f64).collect();
        let mut deviations = Vec::with_capacity(self.channels);
        for ((&square, &mean), &around) in self.squares.iter().zip(&means).zip(&around) {
            match inverse_deviation(square, self.pixels, mean, around) {
                Some(deviation) => deviations.push(deviation),
                None => return Ok(Gathered::Means(means)),
            }
        }
        let all: Vec<f32> = means.iter().map(|&m| m as f32).chain(deviations).chain(weights).collect();
        Ok(Gathered::Stats(Tensor::from_vec(all, (1, 3, self.channels), &Device::Cpu)?))
    }

    /// Adds blocks of [`ROWS`] pixels, of which the last may have fewer: each is summed by itself, then one after the other.
    fn add_blocks(&mut self, z: &[f32]) {
        let c = self.channels;
        let around = self.around.get_or_insert_with(|| first_means(z, c));
        let mut partial = vec![0f64; z.len().div_ceil(ROWS * c) * 2 * c];
        blocks(&mut partial, 2 * c, |block, sums| {
            let (sums, squares) = sums.split_at_mut(c);
            for pixel in z[block * ROWS * c..].chunks_exact(c).take(ROWS) {
                for (((sum, square), &v), &around) in
                    sums.iter_mut().zip(&mut *squares).zip(pixel).zip(&*around)
                {
                    let v = f64::from(v);
                    *sum += v;
                    *square += (v - around).powi(2);
                }
            }
        });
        for sums in partial.chunks_exact(2 * c) {
            for (total, sum) in self.sums.iter_mut().chain(&mut self.squares).zip(sums) {
                *total += sum;
            }
        }
    }
}

/// An estimate of the means, from the first pixels.
fn first_means(z: &[f32], c: usize) -> Vec<f64> {
    let mut means = vec![0f64; c];
    let pixels = (z.len() / c).clamp(1, ROWS);
    for pixel in z.chunks_exact(c).take(ROWS) {
        for (mean, &v) in means.iter_mut().zip(pixel) {
            *mean += f64::from(v) / pixels as f64;
        }
    }
    means
}

/// `1 / sqrt(variance + EPS)` as [`crate::norm_stats`] rounds it, from the sum of squares around `around`; `None` where rounding
/// errors leave more than one value.
fn inverse_deviation(squares: f64, pixels: usize, mean: f64, around: f64) -> Option<f32> {
    let n = pixels as f64;
    let inverse = |squares: f64| (1.0 / (squares / n + EPS).sqrt()) as f32;
    if mean == around {
        return Some(inverse(squares));
    }
    // A sum of sums of ROWS terms each is off by at most this share of its terms' magnitudes, with room to spare; so are the
    // mean and the squares of two readings.
    let share = 4.0 * f64::EPSILON * (ROWS as f64 + n / ROWS as f64 + 8.0);
    let moved = n * (mean - around).powi(2);
    let of_mean = 2.0 * n * (mean - around).abs() * (around.abs() + (squares / n).sqrt());
    let bound = share * (squares + moved + of_mean);
    let (low, high) = ((squares - moved - bound).max(0.0), squares - moved + bound);
    (inverse(low) == inverse(high)).then(|| inverse(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Stream, norm_stats, normal};

    fn vector(x: &Tensor) -> Result<Vec<f32>> {
        x.flatten_all()?.to_vec1()
    }

    #[test]
    fn statistics_of_strips_are_those_of_the_whole_bit_by_bit() -> Result<()> {
        for (seed, offset, (h, w, c)) in
            [(1, 0.0, (97, 113, 5)), (2, 3.0, (40, 30, 3)), (3, -900.0, (200, 61, 7))]
        {
            let z = normal(Stream::new(seed, [0, 0, 0], 0), (0, 0), (h, w, c), &Device::Cpu)?;
            let z = (z + offset)?;
            let weight = Tensor::from_vec((0..c).map(|i| i as f32).collect(), c, &Device::Cpu)?;
            let whole = vector(&norm_stats(&z, &weight)?)?;
            for rows in [1, 7, 64, 300] {
                let sums = |mut sums: NormSums| -> Result<Gathered> {
                    for first in (0..h).step_by(rows) {
                        sums.add(&z.narrow(1, first, rows.min(h - first))?.contiguous()?)?;
                    }
                    sums.stats(&weight)
                };
                let stats = match sums(NormSums::new(c))? {
                    Gathered::Stats(stats) => stats,
                    Gathered::Means(means) => match sums(NormSums::around(means))? {
                        Gathered::Stats(stats) => stats,
                        Gathered::Means(_) => bail!("the second reading was not enough"),
                    },
                };
                assert_eq!(vector(&stats)?, whole, "{h}x{w}x{c}, {rows} rows");
            }
        }
        Ok(())
    }

    /// One of the values between which rounding errors do not decide.
    #[test]
    fn a_variance_that_may_round_either_way_is_read_again() {
        let n = 1 << 20;
        // Half way between two neighbouring values of f32.
        let (a, b) = (2.0f32, f32::from_bits(2.0f32.to_bits() + 1));
        let middle = (f64::from(a) + f64::from(b)) / 2.0;
        let squares = (1.0 / (middle * middle) - EPS) * n as f64;
        assert_eq!(inverse_deviation(squares, n, 0.1, 0.1 + 1e-9), None);
        assert!(inverse_deviation(squares, n, 0.1, 0.1).is_some());
        assert!(inverse_deviation(squares * 1.001, n, 0.1, 0.1 + 1e-9).is_some());
    }
}
