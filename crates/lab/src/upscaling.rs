//! How good an enlargement is, on a picture whose truth is known.

use super::resample::{enlarge, reduce, rounded, size_of};
use super::{Enlarger, UpscaleMode, UpscaleSettings, upscale_with_run, upscaling_run};
use crate::Result;
use crate::figures;
use candle_core::Device;
use metrics::{patch_swd, psnr, ssim};
use ndarray::{Array3, ArrayView3, s};
use pyramid::Picture;
use std::path::Path;
use train::{Control, Event, Noise, Pace};

/// The figures of an enlargement beside the truth, after rounding to 8 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Peak signal to noise ratio, dB ([`metrics::psnr`]).
    pub psnr: f64,
    /// Structural similarity ([`metrics::ssim`]).
    pub ssim: f64,
    /// Sliced Wasserstein distance of the patches at full size ([`metrics::patch_swd`]); 0 is best.
    pub patch_swd: Option<f64>,
}

/// One picture's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct UpscalingRow {
    /// Those of the bicubic enlargement.
    pub bicubic: Likeness,
    /// Ours.
    pub ours: Likeness,
    /// Our result, of the truth's size.
    pub result: Picture,
}

/// Reduces `truth` by `factor` to 8 bits (`imresize`), enlarges that again, and compares with the truth; beside the bicubic
/// enlargement (`imresize`). The truth must be 11 pixels high and wide for the SSIM.
///
/// `scratch` is where the perceptual mode makes its run; it must not be there yet, and the caller removes it.
pub fn evaluate_upscaling(
    truth: &Picture,
    factor: f64,
    mode: UpscaleMode,
    settings: &UpscaleSettings,
    scratch: &Path,
) -> Result<UpscalingRow> {
    let (h, w) = truth.size();
    let side = |n: usize| (n as f64 / factor).ceil() as usize;
    super::check_upscale((side(h), side(w)), factor, mode)?;
    let low = rounded(reduce(truth.pixels(), factor, (side(h), side(w)))?)?;
    let bicubic = likeness(truth.pixels(), enlarge(low.view(), factor, (h, w))?)?;
    let low = Picture::from_pixels(low)?;
    let result = match mode {
        UpscaleMode::Fidelity => match Enlarger::train(&low, factor, settings, &mut |_, _, _| true)? {
            Some(enlarger) => enlarger.apply(&low, factor)?,
            None => unreachable!("nothing stops the training"),
        },
        UpscaleMode::Perceptual => {
            let mut go_on = |_: &Event<'_>| Control::Continue;
            let mut run = upscaling_run(&low, settings, scratch, "truth")?;
            train::train(&mut run, &Noise, &Device::Cpu, Pace::default(), &mut go_on)?;
            upscale_with_run(&run, &low, factor, settings.seed)?
        }
    };
    let result = result.pixels().slice(s![..h, ..w, ..]).to_owned();
    let ours = likeness(truth.pixels(), result.clone())?;
    debug_assert_eq!(size_of(&result.view()), (h, w));
    Ok(UpscalingRow { bicubic, ours, result: Picture::from_pixels(result)? })
}

fn likeness(truth: ArrayView3<'_, f32>, found: Array3<f32>) -> Result<Likeness> {
    let found = rounded(found)?;
    Ok(Likeness {
        psnr: psnr(truth, found.view())?,
        ssim: ssim(truth, found.view())?,
        patch_swd: patch_swd(truth, found.view(), &figures::options())?[0],
    })
}
