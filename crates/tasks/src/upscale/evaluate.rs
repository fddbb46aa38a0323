//! How good an enlargement is, on a picture whose truth is known.

#![allow(unsafe_code)]
use super::fidelity::{Enlarger, FidelitySettings};
use super::resample::{ROUNDS, back_project, enlarge, reduce, rounded, size_of};
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
pub fn experiment(
    truth: &Picture,
    factor: f64,
    settings: &FidelitySettings,
) -> Result<Vec<(String, Likeness)>> {
    let size = size_of(&truth.pixels());
    let side = |n: usize| (n as f64 / factor).ceil() as usize;
    let low = rounded(reduce(truth.pixels(), factor, (side(size.0), side(size.1)))?)?;
    let bicubic = enlarge(low.view(), factor, size)?;
    let mut rows = vec![("bicubic".to_string(), likeness(truth.pixels(), bicubic.clone())?)];
    let projected = back_project(bicubic, low.view(), factor, ROUNDS)?;
    rows.push(("projected".into(), likeness(truth.pixels(), projected)?));
    let low = Picture::from_pixels(low)?;
    let begun = std::time::Instant::now();
    let enlarger = Enlarger::train(&low, factor, settings, &mut |_, _, _| true)?;
    if let Some(enlarger) = enlarger {
        let t = begun.elapsed().as_secs_f64();
        let found = enlarger.apply(&low, factor)?;
        let found = found.pixels().slice(ndarray::s![..size.0, ..size.1, ..]).to_owned();
        rows.push((format!("net {t:.0}s"), likeness(truth.pixels(), found)?));
    }
    Ok(rows)
}

#[doc(hidden)]
pub fn experiment2(
    truth: &Picture,
    factor: f64,
    niter: usize,
    keep: &std::path::Path,
) -> Result<Vec<(String, Likeness)>> {
    let size = size_of(&truth.pixels());
    let side = |n: usize| (n as f64 / factor).ceil() as usize;
    let low = rounded(reduce(truth.pixels(), factor, (side(size.0), side(size.1)))?)?;
    let bicubic = enlarge(low.view(), factor, size)?;
    let mut rows = vec![("bicubic".to_string(), likeness(truth.pixels(), bicubic.clone())?)];
    let projected = back_project(bicubic, low.view(), factor, ROUNDS)?;
    let missing = truth.pixels().to_owned() - &projected;
    eprintln!(
        "truth's detail {:.6} foretold {:.6}",
        super::contrast::energy(&missing),
        super::contrast::foretold(low.view(), factor)?
    );
    rows.push(("projected".into(), likeness(truth.pixels(), projected)?));
    let low = Picture::from_pixels(low)?;
    let begun = std::time::Instant::now();
    let run = if keep.exists() {
        train::Run::open(keep)?
    } else {
        let settings = super::PerceptualSettings { niter, ..Default::default() };
        let config = super::perceptual::perceptual_config(low.size(), &settings);
        let label = train::Label {
            task: super::perceptual::TASK.into(),
            preset: "quick".into(),
            picture: "x".into(),
        };
        let mut run = train::Run::create(keep, config, &low, label)?;
        train::train(
            &mut run,
            &candle_core::Device::Cpu,
            train::Pace::default(),
            &mut |_: &train::Event<'_>| train::Control::Continue,
        )?;
        run
    };
    eprintln!("sizes {:?} amps {:?} {:.0} s", run.info.sizes, run.info.amps, begun.elapsed().as_secs_f64());
    let _ = low.save_png(&keep.join("low.png"));
    let _ = truth.save_png(&keep.join("truth.png"));
    for (noise, plain) in [(1.0, true), (1.0, false), (4.0, false), (8.0, false)] {
        unsafe {
            std::env::set_var("NOISE", format!("{noise}"));
            if plain { std::env::set_var("NOMATCH", "1") } else { std::env::remove_var("NOMATCH") }
        }
        let found = super::perceptual::upscale_with_run(&run, &low, factor, 0)?;
        found.save_png(&keep.join(format!("up-{noise}-{plain}.png")))?;
        let found = found.pixels().slice(ndarray::s![..size.0, ..size.1, ..]).to_owned();
        rows.push((
            format!("noise {noise} {}", if plain { "" } else { "matched" }),
            likeness(truth.pixels(), found)?,
        ));
    }
    Ok(rows)
}
