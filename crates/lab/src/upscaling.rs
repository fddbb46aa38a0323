//! Trials of enlargements of pictures whose truth is known.

use anyhow::Result;
use candle_core::Device;
use metrics::{patch_swd, psnr, ssim};
use ndarray::{Array3, ArrayView3, s};
use pyramid::{Picture, Size, Target, imresize};
use std::path::Path;
use train::{Noise, Pace, Silent, train};
use upscale::{Enlarger, UpscaleMode, UpscaleRequest, check_upscale, upscale_with_run, upscaling_run};

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
    /// The figures of this program's enlargement.
    pub ours: Likeness,
    /// Our result, of the truth's size.
    pub result: Picture,
}

/// Reduces `truth` by the factor of `request` to 8 bits (`imresize`), enlarges that again, and compares with
/// the truth; beside the bicubic enlargement (`imresize`). The truth must be 11 pixels high and wide for the
/// SSIM.
///
/// `scratch` is where the perceptual mode makes its run; it must not be there yet, and the caller removes it.
///
/// # Errors
/// Where the picture or the request cannot be used.
pub fn evaluate_upscaling(truth: &Picture, request: &UpscaleRequest, scratch: &Path) -> Result<UpscalingRow> {
    let (h, w) = truth.size();
    let factor = request.factor;
    let side = |n: usize| (n as f64 / factor).ceil() as usize;
    let small = (side(h), side(w));
    check_upscale(small, factor, request.mode)?;
    let low = rounded(fitted(imresize(truth.pixels(), Target::Scale(1.0 / factor))?, small))?;
    let bicubic = likeness(truth.pixels(), fitted(imresize(low.pixels(), Target::Scale(factor))?, (h, w)))?;
    let result = match request.mode {
        UpscaleMode::Fidelity => {
            Enlarger::train(&low, request, &mut Silent)?.apply(&low, factor, &mut Silent)?
        }
        UpscaleMode::Perceptual => {
            let mut run = upscaling_run(&low, request, scratch, "truth")?;
            train(&mut run, &Noise, &Device::Cpu, Pace::default(), &mut Silent)?;
            upscale_with_run(&run, &low, factor, request.seed, &mut Silent)?
        }
    };
    let result = result.pixels().slice(s![..h, ..w, ..]).to_owned();
    let ours = likeness(truth.pixels(), result.clone())?;
    Ok(UpscalingRow { bicubic, ours, result: Picture::from_pixels(result)? })
}

fn likeness(truth: ArrayView3<'_, f32>, found: Array3<f32>) -> Result<Likeness> {
    let found = rounded(found)?;
    Ok(Likeness {
        psnr: psnr(truth, found.pixels())?,
        ssim: ssim(truth, found.pixels())?,
        patch_swd: patch_swd(truth, found.pixels())?[0],
    })
}

/// Rounded to 8 bits, as a file would hold it.
fn rounded(pixels: Array3<f32>) -> Result<Picture> {
    Ok(Picture::from_u8(Picture::from_pixels(pixels)?.to_u8().view())?)
}

/// Cropped at the lower right, or the last row or column repeated, which rounding can ask for.
fn fitted(pixels: Array3<f32>, (h, w): Size) -> Array3<f32> {
    let (rows, columns, channels) = pixels.dim();
    let value = |(y, x, c): (usize, usize, usize)| pixels[[y.min(rows - 1), x.min(columns - 1), c]];
    Array3::from_shape_fn((h, w, channels), value)
}
