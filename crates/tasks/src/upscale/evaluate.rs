//! How good an enlargement is, on a picture whose truth is known.

use super::fidelity::{Enlarger, FidelitySettings};
use super::resample::{ROUNDS, back_project, enlarge, reduce, rounded, size_of, steps};
use crate::Result;
use metrics::{Options, patch_swd, psnr, ssim};
use ndarray::{Array3, ArrayView3};
use pyramid::Picture;

/// The figures of an enlargement beside the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Peak signal to noise ratio, dB.
    pub psnr: f64,
    /// Structural similarity.
    pub ssim: f64,
    /// Sliced Wasserstein distance of 7x7 patches.
    pub patch_swd: Option<f64>,
}

/// Compares, after rounding to 8 bits.
pub(crate) fn likeness(truth: ArrayView3<'_, f32>, found: Array3<f32>) -> Result<Likeness> {
    let found = rounded(found)?;
    Ok(Likeness {
        psnr: psnr(truth, found.view())?,
        ssim: ssim(truth, found.view())?,
        patch_swd: patch_swd(truth, found.view(), &Options::default())?[0],
    })
}

#[doc(hidden)]
pub fn experiment(truth: &Picture, factor: f64, settings: &FidelitySettings) -> Result<Vec<(String, Likeness)>> {
    let size = size_of(&truth.pixels());
    let side = |n: usize| (n as f64 / factor).ceil() as usize;
    let low = rounded(reduce(truth.pixels(), factor, (side(size.0), side(size.1)))?)?;
    let bicubic = enlarge(low.view(), factor, size)?;
    let mut rows = vec![("bicubic".to_string(), likeness(truth.pixels(), bicubic.clone())?)];
    let projected = back_project(bicubic, low.view(), factor, ROUNDS)?;
    rows.push(("projected".into(), likeness(truth.pixels(), projected)?));
    let low = Picture::from_pixels(low)?;
    let begun = std::time::Instant::now();
    let enlarger = Enlarger::train(&low, steps(factor).0, settings, &mut |_, _| true)?;
    if let Some(enlarger) = enlarger {
        let t = begun.elapsed().as_secs_f64();
        let found = enlarger.apply(&low, factor)?;
        let found = found.pixels().slice(ndarray::s![..size.0, ..size.1, ..]).to_owned();
        rows.push((format!("net {t:.0}s"), likeness(truth.pixels(), found)?));
    }
    Ok(rows)
}
