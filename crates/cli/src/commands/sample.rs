//! `consingan sample`: new pictures from a run.

use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, TargetSize, Threads, count};
use crate::device::DeviceArgs;
use crate::output::{counted, line, told};
use crate::pictures::output_of;
use crate::progress::WorkShown;
use crate::refusal::refusal;
use crate::signals::{Interrupt, stopped};
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{Drawn, Kind, Output, Place, Run, SampleRequest, Sampler, Size, Task, Wrap};
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
    place.check(Kind::Directory)?;
    let stop = Interrupt::listen()?;
    let (out, drawn) = place.make(Kind::Directory, |dir| {
        std::fs::create_dir(dir).map_err(files::Error::io(dir))?;
        if args.reconstruction {
            let place = (dir, "reconstruction");
            let files =
                sampler.write(Drawn::Reconstruction, &output, place, &mut WorkShown::new(&stop))?.files;
            return Ok(Samples { files, sheets: Vec::new(), count: 1 });
        }
        samples(args, &sampler, &output, dir, &stop)
    })?;
    let moved = |path: &Path| out.join(path.file_name().unwrap_or_default());
    for path in &drawn.files {
        say(args, &moved(path), sampler.size());
        if args.reconstruction && !args.json.wanted {
            told(&moved(path).display().to_string());
        }
    }
    for (sheet, size) in &drawn.sheets {
        say(args, &moved(sheet), *size);
    }
    if drawn.count < args.n && !args.reconstruction {
        tracing::warn!("stopped after {} of {} samples, which are in {}", drawn.count, args.n, out.display());
        return Ok(stopped());
    }
    if !args.json.wanted && !args.reconstruction {
        told(&format!(
            "{} of {}x{} and {} in {}",
            counted(args.n as usize, "sample"),
            sampler.size().0,
            sampler.size().1,
            if output.maps.len() == 1 { "sheet.png" } else { "a sheet of each picture" },
            out.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was written.
struct Samples {
    files: Vec<PathBuf>,
    sheets: Vec<(PathBuf, Size)>,
    /// How many samples are whole.
    count: u32,
}

/// Draws samples into `dir` until all are there or a signal has come, and a sheet of them.
///
/// # Errors
/// Where one cannot be drawn or written, and where the signal came before the first was whole.
fn samples(
    args: &SampleArgs,
    sampler: &Sampler,
    output: &Output,
    dir: &Path,
    stop: &Interrupt,
) -> Result<Samples, consingan::Error> {
    let mut drawn = Samples { files: Vec::new(), sheets: Vec::new(), count: 0 };
    let mut tiles = vec![Vec::new(); output.maps.len()];
    while drawn.count < args.n && !(stop.is_set() && drawn.count > 0) {
        let (index, mut shown) = (drawn.count, WorkShown::new(stop));
        let written =
            sampler.write(Drawn::Sample(index), output, (dir, &format!("sample-{index:04}")), &mut shown);
        match written {
            Err(error) if error.is_stopped() && index > 0 => break,
            written => {
                let written = written?;
                drawn.files.extend(written.files);
                if index < SHEET {
                    tiles.iter_mut().zip(written.small).for_each(|(tiles, small)| tiles.push(small));
                }
            }
        }
        drawn.count += 1;
    }
    for (map, tiles) in output.maps.iter().zip(&tiles) {
        let sheet = dir.join(format!("{}.png", output.stem(map, "sheet")));
        let overview = pyramid::contact_sheet(tiles, (tiles.len() as f64).sqrt().ceil() as usize, 2);
        overview.save_png(&sheet)?;
        drawn.sheets.push((sheet, overview.size()));
    }
    Ok(drawn)
}

fn say(args: &SampleArgs, path: &Path, size: Size) {
    if args.json.wanted {
        line(&serde_json::json!({"file": path.to_string_lossy(), "size": size}).to_string());
    }
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
