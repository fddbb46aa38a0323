//! Experiments.
#![allow(clippy::print_stdout, missing_docs)]

use pyramid::{Picture, Target, imresize, load};
use tasks::FidelitySettings;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let (factor, side, niter): (f64, usize, usize) = (a[0].parse()?, a[1].parse()?, a[2].parse()?);
    kernels_threads();
    let mut gain = (0.0, 0);
    for path in &a[3..] {
        let picture = load(path.as_ref())?;
        let (h, w) = picture.size();
        let small = imresize(picture.pixels(), Target::Scale(side as f64 / h.max(w) as f64))?;
        let truth = Picture::from_u8(Picture::from_pixels(small)?.to_u8().view())?;
        let rows = if let Ok(dir) = std::env::var("PERC") {
            let name = path.rsplit('/').next().unwrap_or("");
            tasks::experiment2(
                &truth,
                factor,
                niter,
                &std::path::Path::new(&dir).join(format!("{name}-{factor}-{side}-{niter}")),
            )?
        } else {
            tasks::experiment(&truth, factor, &FidelitySettings { niter, ..Default::default() })?
        };
        for (name, row) in &rows {
            println!(
                "{:<24} {name:<12} {:.3} {:.4} {:.5}",
                path.rsplit('/').next().unwrap_or(""),
                row.psnr,
                row.ssim,
                row.patch_swd.unwrap_or(0.0)
            );
        }
        gain.0 += rows[rows.len() - 1].1.psnr - rows[0].1.psnr;
        gain.1 += 1;
    }
    println!("mean gain {:.3} dB", gain.0 / f64::from(gain.1));
    Ok(())
}
fn kernels_threads() {}
