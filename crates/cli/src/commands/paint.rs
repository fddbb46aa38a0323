//! `consingan paint`: a rough painting, made into a picture in the style of a run.

use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, TargetSize, Threads, count};
use crate::device::DeviceArgs;
use crate::output::{Unprinted, counted, json_line, told};
use crate::pictures::{load_like, output_of};
use crate::places::Folder;
use crate::progress::WorkShown;
use crate::signals::Interrupt;
use crate::status::stopped;
use anyhow::Result;
use clap::Args;
use consingan::{Observer, Output, PaintRequest, Painter, Place, Target, Work};
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
    let folder = Folder::claim(&place)?;
    let count = paintings(args, &painter, &output, &folder.path, &Interrupt::listen()?)?;
    let out = folder.path.display();
    if count < args.n {
        tracing::warn!("stopped after {count} of {} pictures, which are in {out}", args.n);
        return Ok(stopped());
    }
    if !args.json.wanted {
        let pictures = counted(args.n as usize, "picture");
        told(&format!("{pictures} and painting.png, as it entered, in {out}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the painting as it entered and pictures of it to `dir`, until all are there or a signal has come, and returns how
/// many pictures there are.
fn paintings(
    args: &PaintArgs,
    painter: &Painter,
    output: &Output,
    dir: &Path,
    stop: &Interrupt,
) -> Result<u32> {
    let say = |path: &Path| -> Result<(), Unprinted> {
        if args.json.wanted {
            json_line(&serde_json::json!({"file": path.to_string_lossy()}))?;
        }
        Ok(())
    };
    let entered = dir.join("painting.png");
    output.pictures(&painter.painting()?)?[0].visible().save_png(&entered)?;
    say(&entered)?;
    let mut shown = WorkShown::new(stop);
    for index in 0..args.n {
        let files = output.write(&painter.picture(index)?, dir, &format!("painted-{index:04}"))?;
        files.iter().try_for_each(|path| say(path))?;
        let (done, total) = (index as usize + 1, args.n as usize);
        if shown.progress(Work::Drawing, done, total).is_err() && done < total {
            return Ok(index + 1);
        }
    }
    Ok(args.n)
}
