//! `consingan sample`: new pictures from a run.

use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, TargetSize, Threads, count};
use crate::device::DeviceArgs;
use crate::output::{Unprinted, counted, json_line, told};
use crate::pictures::output_of;
use crate::places::Folder;
use crate::progress::WorkShown;
use crate::refusal::refusal;
use crate::signals::Interrupt;
use crate::status::stopped;
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{Drawn, Observer, Output, Place, Run, SampleRequest, Sampler, Size, Task, Work, Wrap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The run directory
    run: PathBuf,
    /// How many pictures to make, 1 to 100000
    #[arg(short, long, default_value_t = 16, allow_negative_numbers = true, value_parser = count(100_000))]
    n: u32,
    #[command(flatten)]
    seed: Seed,
    #[command(flatten)]
    size: TargetSize,
    /// Use the generator as it was after K stages [default: all that are done]
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    stages: Option<usize>,
    /// Keep the fixed noise below stage K, and so the layout of the training picture
    #[arg(long, value_name = "K", default_value_t = 0, allow_negative_numbers = true)]
    start_stage: usize,
    /// Make opposite edges meet, so that copies can be laid side by side: x (left and right), y (top and bottom) or xy
    #[arg(long, value_enum, value_name = "AXES")]
    tile: Option<TileArg>,
    /// Write what the fixed noise gives (the training picture again) instead of samples
    #[arg(long)]
    reconstruction: bool,
    /// Where to write [default: RUN/samples/seed-S, numbered where that is taken]
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

/// Along which axes samples can be laid side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TileArg {
    /// Left and right
    X,
    /// Above and below
    Y,
    /// Both
    Xy,
}

impl TileArg {
    fn wrap(self) -> Wrap {
        Wrap { rows: self != TileArg::X, columns: self != TileArg::Y }
    }
}

/// Largest number of pictures on a sheet.
const SHEET: u32 = 64;

pub(crate) fn run(args: &SampleArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = consingan::open(&args.run)?;
    let request = SampleRequest {
        seed: args.seed.value,
        target: args.size.target(),
        stages: args.stages,
        start_stage: args.start_stage,
        wrap: args.tile.map_or(Wrap::default(), TileArg::wrap),
    };
    if args.n > 1
        && !args.reconstruction
        && args.start_stage > 0
        && args.start_stage == args.stages.unwrap_or(run.info().stages_done)
    {
        return Err(refusal(
            format!(
                "--start-stage {} leaves no stage with fresh noise: all samples would be one picture",
                args.start_stage
            ),
            "give a lower one, or write that picture with --reconstruction",
        ));
    }
    let run = run.on(args.device.open()?);
    let output = output_of(&run, args.format, args.palette)?;
    let sampler = run.sampler(request)?;
    tell_large(&run, sampler.size());
    if sampler.is_large() {
        kernels::return_freed_memory();
    }
    let usual = || Place::free(run.dir().join("samples").join(format!("seed-{}", args.seed.value)));
    let place = args.out.clone().map_or_else(usual, Place::At);
    let folder = Folder::claim(&place)?;
    let stop = Interrupt::listen()?;
    if args.reconstruction {
        let place = (folder.path.as_path(), "reconstruction");
        let written = sampler.write(Drawn::Reconstruction, &output, place, &mut WorkShown::new(&stop))?;
        for path in &written.files {
            say(args, path, sampler.size())?;
            if !args.json.wanted {
                told(&path.display().to_string())?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let drawn = samples(args, &sampler, &output, &folder.path, &stop)?;
    let out = folder.path.display();
    if drawn < args.n {
        tracing::warn!("stopped after {drawn} of {} samples, which are in {out}", args.n);
        return Ok(stopped());
    }
    if !args.json.wanted {
        let (h, w) = sampler.size();
        let sheets = if output.maps.len() == 1 { "sheet.png" } else { "a sheet of each picture" };
        told(&format!("{} of {h}x{w} and {sheets} in {out}", counted(args.n as usize, "sample")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Draws samples into `dir` until all are there or a signal has come, then a sheet of them, and returns how many samples
/// there are.
///
/// # Errors
/// Where one cannot be drawn, written, or told, and where the signal came before the first was whole.
fn samples(
    args: &SampleArgs,
    sampler: &Sampler,
    output: &Output,
    dir: &Path,
    stop: &Interrupt,
) -> Result<u32> {
    let mut tiles = vec![Vec::new(); output.maps.len()];
    let mut shown = WorkShown::new(stop);
    for index in 0..args.n {
        let (stem, mut strips) = (format!("sample-{index:04}"), WorkShown::new(stop));
        let written = match sampler.write(Drawn::Sample(index), output, (dir, &stem), &mut strips) {
            Err(error) if error.is_stopped() && index > 0 => return Ok(index),
            written => written?,
        };
        written.files.iter().try_for_each(|path| say(args, path, sampler.size()))?;
        if index < SHEET {
            tiles.iter_mut().zip(written.small).for_each(|(tiles, small)| tiles.push(small));
        }
        let (done, total) = (index as usize + 1, args.n as usize);
        if shown.progress(Work::Drawing, done, total).is_err() && done < total {
            return Ok(index + 1);
        }
    }
    drop(shown);
    for (map, tiles) in output.maps.iter().zip(&tiles) {
        let sheet = dir.join(format!("{}.png", output.stem(map, "sheet")));
        let overview = pyramid::contact_sheet(tiles, (tiles.len() as f64).sqrt().ceil() as usize, 2);
        overview.save_png(&sheet)?;
        say(args, &sheet, overview.size())?;
    }
    Ok(args.n)
}

fn say(args: &SampleArgs, path: &Path, size: Size) -> Result<(), Unprinted> {
    if args.json.wanted {
        json_line(&serde_json::json!({"file": path.to_string_lossy(), "size": size}))?;
    }
    Ok(())
}

/// Samples of more than this many times the training picture's area get a hint.
const LARGE: usize = 6;

/// Says what suits large samples better, where the run was not trained for them.
fn tell_large(run: &Run, (h, w): (usize, usize)) {
    let (trained_h, trained_w) = run.info().sizes[run.info().stages_done.max(1) - 1];
    if run.info().task == Task::Generation && h * w > LARGE * trained_h * trained_w {
        tracing::info!(
            "in samples much larger than the training picture, the direction of texture varies with the place; a run of \
             --task retarget has less of that"
        );
    }
}
