//! Trials of dehazing on pictures whose truth is known.

use crate::random_haze;
use anyhow::Result;
use dehaze::{Airlight, DehazeRequest, Method, dehaze, haze};
use pyramid::Picture;
use train::Silent;

/// The result for one hazy picture: PSNR to the clear one in dB.
#[derive(Clone, Copy, Debug)]
pub struct DehazingRow {
    /// Density of the haze: the optical depth at the farthest pixel.
    pub beta: f64,
    /// Its airlight.
    pub airlight: Airlight,
    /// Seed of where it is.
    pub seed: u64,
    /// Of the hazy picture itself.
    pub nothing: f64,
    /// Of the dark channel prior.
    pub dcp: f64,
    /// Of the multi-stage generator.
    pub multi_stage: f64,
}

/// Puts each of the hazes (density, airlight, seed) over a clear picture and takes it away by both methods;
/// `request` is that of the multi-stage generator.
///
/// # Errors
/// As [`dehaze()`].
pub fn evaluate_dehazing(
    clear: &Picture,
    hazes: &[(f64, Airlight, u64)],
    request: &DehazeRequest,
) -> Result<Vec<DehazingRow>> {
    let row = |&(beta, airlight, seed): &(f64, Airlight, u64)| {
        let hazy = haze(clear, &random_haze(clear.size(), beta, seed), airlight)?;
        let psnr = |picture: &Picture| metrics::psnr(clear.pixels(), picture.pixels());
        let by = |method| -> Result<f64> {
            let request = DehazeRequest { method, ..request.clone() };
            Ok(psnr(&dehaze(&hazy, &request, &mut Silent)?.picture)?)
        };
        let (dcp, multi_stage) = (by(Method::DarkChannelPrior)?, by(Method::MultiStage)?);
        Ok(DehazingRow { beta, airlight, seed, nothing: psnr(&hazy)?, dcp, multi_stage })
    };
    hazes.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn both_methods_come_nearer_to_the_truth() -> Result<()> {
        let blocks = |(y, x, c): (usize, usize, usize)| {
            (((y / 4) * 31 + (x / 4) * 17) * (c + 3) % 11) as f32 / 6.0 - 0.9
        };
        let clear = Picture::from_pixels(Array3::from_shape_fn((40, 56, 3), blocks))?;
        let tiny =
            DehazeRequest { niter: 3, max_size: 32, stages: 2, filters: 4, ..DehazeRequest::default() };
        let rows = evaluate_dehazing(&clear, &[(1.2, [0.85; 3], 1), (0.6, [0.95; 3], 2)], &tiny)?;
        for row in rows {
            assert!(row.multi_stage > row.nothing + 2.0, "{row:?}");
            assert!(row.dcp > row.nothing, "{row:?}");
        }
        Ok(())
    }
}
