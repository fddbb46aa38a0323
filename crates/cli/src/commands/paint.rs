//! `consingan paint`: a rough painting, made into a picture in the style of a run.

use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, TargetSize, Threads, count};
use crate::device::DeviceArgs;
use crate::output::{counted, line, told};
use crate::pictures::{load_like, output_of};
use crate::signals::{Interrupt, stopped};
use anyhow::Result;
use clap::Args;
use consingan::{Kind, Output, PaintRequest, Painter, Place, Target};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct PaintArgs {
    /// The run directory
    run: PathBuf,
    /// The painting, of any size
    painting: PathBuf,
    /// The stage at whose size the painting enters: the lower, the more is made anew
    #[arg(long, value_name = "K", default_value_t = 0, allow_negative_numbers = true)]
    start_stage: usize,
    /// Paint with N colours of the training picture instead of the painting's, 2 to 64
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    colours: Option<usize>,
    /// How many pictures to make of it, 1 to 10000
    #[arg(short, long, default_value_t = 1, allow_negative_numbers = true, value_parser = count(10_000))]
    n: u32,
    #[command(flatten)]
    seed: Seed,
    #[command(flatten)]
    size: TargetSize,
    /// Where to write [default: RUN/painted/NAME, numbered where that is taken]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    palette: PaletteArg,
    #[command(flatten)]
    format: PictureFormat,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(args: &PaintArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = consingan::open(&args.run)?;
    let painting = load_like(&args.painting, &run.maps()?[0])?;
    let request = PaintRequest {
        start_stage: args.start_stage,
        colours: args.colours,
        target: args.size.target(),
        seed: args.seed.value,
    };
    let run = run.on(args.device.open()?);
    let output = output_of(&run, args.format, args.palette)?;
    let painter = run.painter(&painting, request)?;
    let (h, w) = painter.size();
    let trained = run.info().sizes[run.info().stages_done - 1];
    if args.size.target() == Target::Training && (h, w) != trained {
        tracing::info!("results have the painting's shape, {h}x{w}; --size gives another");
    }
    let usual = || Place::free(run.dir().join("painted").join(args.painting.file_stem().unwrap_or_default()));
    let place = args.out.clone().map_or_else(usual, Place::At);
    place.check(Kind::Directory)?;
    let stop = Interrupt::listen()?;
    let (out, (files, count)) =
        place.make(Kind::Directory, |dir| paintings(args, &painter, &output, dir, &stop))?;
    for path in &files {
        if args.json.wanted {
            let path = out.join(path.file_name().unwrap_or_default());
            line(&serde_json::json!({"file": path.to_string_lossy()}).to_string());
        }
    }
    if count < args.n {
        tracing::warn!("stopped after {count} of {} pictures, which are in {}", args.n, out.display());
        return Ok(stopped());
    }
    if !args.json.wanted {
        let pictures = counted(args.n as usize, "picture");
        told(&format!("{pictures} and painting.png, as it entered, in {}", out.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the painting as it entered and pictures of it to the new directory `dir`, until all are there or a signal has come.
/// Returns the files, and how many pictures there are.
fn paintings(
    args: &PaintArgs,
    painter: &Painter,
    output: &Output,
    dir: &Path,
    stop: &Interrupt,
) -> Result<(Vec<PathBuf>, u32), consingan::Error> {
    std::fs::create_dir(dir).map_err(files::Error::io(dir))?;
    let entered = dir.join("painting.png");
    output.pictures(&painter.painting()?)?[0].visible().save_png(&entered)?;
    let (mut files, mut count) = (vec![entered], 0);
    while count < args.n && !(stop.is_set() && count > 0) {
        files.extend(output.write(&painter.picture(count)?, dir, &format!("painted-{count:04}"))?);
        count += 1;
    }
    Ok((files, count))
}
