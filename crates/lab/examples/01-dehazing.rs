//! Puts haze over pictures, takes it away again, and prints a table of PSNR; with `--sheet FILE` also a sheet
//! of the first picture: clear, hazy, the dark channel prior's, the multi-stage generator's, and its
//! transmission.
//!
//! `cargo run --release -p lab --example 01-dehazing -- assets/images/coffee.jpg [--long 180] [--seed 0]
//! [--niter 200]`

#![allow(clippy::print_stdout)]

use dehaze::{DehazeRequest, Method, dehaze, haze};
use lab::dehazing::evaluate_dehazing;
use lab::random_haze;
use ndarray::Axis;
use pyramid::{Picture, Target, contact_sheet, imresize, load};
use std::error::Error;
use std::path::Path;
use train::Silent;

fn main() -> Result<(), Box<dyn Error>> {
    let mut request = DehazeRequest::default();
    let (mut long, mut seed, mut sheet, mut pictures) = (180.0, 0, None, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--long" => long = value()?.parse()?,
            "--seed" => seed = value()?.parse()?,
            "--niter" => request.niter = value()?.parse()?,
            "--sheet" => sheet = Some(value()?),
            _ => pictures.push(arg),
        }
    }
    println!(
        "| picture | beta | A | nothing | dark channel prior | multi-stage |\n|---|---|---|---|---|---|"
    );
    let (mut sums, mut count) = ([0.0; 3], 0.0);
    for path in &pictures {
        let clear = scaled(&load(Path::new(path))?, long)?;
        let mut hazes = Vec::new();
        for beta in [0.6, 1.2, 1.8] {
            for level in [0.75, 0.95] {
                hazes.push((beta, [level; 3], seed));
                seed += 1;
            }
        }
        for row in evaluate_dehazing(&clear, &hazes, &request)? {
            let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
            let psnr = [row.nothing, row.dcp, row.multi_stage];
            let [nothing, dcp, multi_stage] = psnr;
            println!(
                "| {name} | {} | {} | {nothing:.1} | {dcp:.1} | {multi_stage:.1} |",
                row.beta, row.airlight[0]
            );
            sums.iter_mut().zip(psnr).for_each(|(sum, psnr)| *sum += psnr);
            count += 1.0;
        }
        if let Some(file) = sheet.take() {
            let hazy = haze(&clear, &random_haze(clear.size(), 1.2, seed), [0.85; 3])?;
            let by = |method| dehaze(&hazy, &DehazeRequest { method, ..request.clone() }, &mut Silent);
            let (dcp, ours) = (by(Method::DarkChannelPrior)?, by(Method::MultiStage)?);
            let t = Picture::from_pixels(ours.transmission.mapv(|t| t * 2.0 - 1.0).insert_axis(Axis(2)))?;
            let tiles = [clear, hazy, dcp.picture, ours.picture, t];
            contact_sheet(&tiles, tiles.len(), 2).save_png(Path::new(&file))?;
        }
    }
    let [nothing, dcp, multi_stage] = sums.map(|sum| sum / f64::max(count, 1.0));
    println!("| mean | | | {nothing:.1} | {dcp:.1} | {multi_stage:.1} |");
    Ok(())
}

/// The picture with its longer side at most `long`.
fn scaled(picture: &Picture, long: f64) -> Result<Picture, Box<dyn Error>> {
    let (h, w) = picture.size();
    let scale = (long / h.max(w) as f64).min(1.0);
    Ok(Picture::from_pixels(imresize(picture.pixels(), Target::Scale(scale))?)?)
}
