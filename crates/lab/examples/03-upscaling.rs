//! Enlarges pictures whose truth is known, and compares with bicubic:
//! `cargo run --release -p lab --example 03-upscaling -- fidelity|perceptual FACTOR SIDE [PICTURE...]`.
//!
//! Each picture is reduced to SIDE pixels, the truth; that is reduced by FACTOR and enlarged again. If the
//! variable OUT names a folder, upscaled-NAME.png there shows bicubic, ours and the truth.
#![allow(clippy::print_stdout)]

use lab::upscaling::{Likeness, evaluate_upscaling};
use pyramid::{Picture, Target, imresize, load};
use std::error::Error;
use std::path::{Path, PathBuf};
use upscale::{UpscaleMode, UpscaleRequest};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, factor, side, pictures @ ..] = &arguments[..] else {
        return Err("name a mode, a factor and a longer side".into());
    };
    let mode = if mode == "perceptual" { UpscaleMode::Perceptual } else { UpscaleMode::Fidelity };
    let (factor, side): (f64, f64) = (factor.parse()?, side.parse()?);
    let scratch = std::env::temp_dir().join(format!("consingan-upscaling-{}", std::process::id()));
    println!("{:<24} {:>24} {:>24}", "", "bicubic", "ours");
    let mut sums = [[0.0; 3]; 2];
    for path in pictures {
        let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let picture = load(path.as_ref())?;
        let (h, w) = picture.size();
        let scale = (side / h.max(w) as f64).min(1.0);
        let small = Picture::from_pixels(imresize(picture.pixels(), Target::Scale(scale))?)?;
        let truth = Picture::from_u8(small.to_u8().view())?;
        let row = evaluate_upscaling(
            &truth,
            &UpscaleRequest { factor, ..UpscaleRequest::of(mode) },
            &scratch.join(&name),
        )?;
        println!("{name:<24} {} {}", told(&row.bicubic), told(&row.ours));
        for (sums, figures) in sums.iter_mut().zip([row.bicubic, row.ours]) {
            let figures = [figures.psnr, figures.ssim, figures.patch_swd.unwrap_or(f64::NAN)];
            sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure / pictures.len() as f64);
        }
        if let Some(out) = std::env::var_os("OUT").map(PathBuf::from) {
            let low = imresize(truth.pixels(), Target::Scale(1.0 / factor))?;
            let bicubic = Picture::from_pixels(imresize(low.view(), Target::Size(truth.size()))?)?;
            let sheet = pyramid::contact_sheet(&[bicubic, row.result, truth], 3, 2);
            sheet.save_png(out.join(format!("upscaled-{name}.png")))?;
        }
    }
    let mean = |s: [f64; 3]| told(&Likeness { psnr: s[0], ssim: s[1], patch_swd: Some(s[2]) });
    println!("{:<24} {} {}", "mean", mean(sums[0]), mean(sums[1]));
    // Nothing is there after fidelity.
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(())
}

/// PSNR in dB, SSIM, patch distance.
fn told(figures: &Likeness) -> String {
    format!("{:>7.2} {:>7.4} {:>8.4}", figures.psnr, figures.ssim, figures.patch_swd.unwrap_or(f64::NAN))
}
