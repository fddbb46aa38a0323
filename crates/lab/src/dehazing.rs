//! How well haze is taken away where the truth is known.

use crate::Result;
use crate::dehaze::{Airlight, Dehazing, Method, dehaze, haze};
use pyramid::Picture;

/// What came of one hazy picture: PSNR to the clear one in dB.
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

/// Puts each of the hazes (density, airlight, seed) over a clear picture and takes it away by both methods; `config` is that
/// of the multi-stage generator.
///
/// # Errors
/// As [`dehaze`].
pub fn evaluate_dehazing(
    clear: &Picture,
    hazes: &[(f64, Airlight, u64)],
    config: &Dehazing,
) -> Result<Vec<DehazingRow>> {
    let row = |&(beta, airlight, seed): &(f64, Airlight, u64)| {
        let (hazy, _) = haze(clear, beta, airlight, seed)?;
        let psnr = |picture: &Picture| metrics::psnr(clear.pixels(), picture.pixels());
        let by = |method| -> Result<f64> {
            let config = Dehazing { method, ..config.clone() };
            Ok(psnr(&dehaze(&hazy, &config, &mut |_, _, _| {})?.picture)?)
        };
        let (dcp, multi_stage) = (by(Method::DarkChannelPrior)?, by(Method::MultiStage)?);
        Ok(DehazingRow { beta, airlight, seed, nothing: psnr(&hazy)?, dcp, multi_stage })
    };
    hazes.iter().map(row).collect()
}
