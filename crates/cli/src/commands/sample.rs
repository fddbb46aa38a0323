//! `consingan sample`: new pictures from a run.

use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, TargetSize, Threads, count};
use crate::device::DeviceArgs;
use crate::output::{counted, line, told};
use crate::pictures::output_of;
use crate::places::{free_name, make_folder};
use crate::refusal::refusal;
use crate::signals::{Interrupt, stopped};
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{Picture, Run, SampleRequest, Task, Wrap};
use pyramid::imresize;
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

/// Longer side of a picture on the sheet; larger ones are scaled down, or a sheet of large samples would not fit in memory.
const TILE: usize = 512;

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
    let out = match &args.out {
        Some(out) => out.clone(),
        None => free_name(&run.dir().join("samples").join(format!("seed-{}", args.seed.value))),
    };
    make_folder(&out)?;
    let say = |path: &Path, size: (usize, usize)| {
        if args.json.wanted {
            line(&serde_json::json!({"file": path.to_string_lossy(), "size": size}).to_string());
        }
    };
    if args.reconstruction {
        for path in output.write(&sampler.reconstruction()?, &out, "reconstruction")? {
            say(&path, sampler.size());
            if !args.json.wanted {
                told(&path.display().to_string());
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let stop = Interrupt::listen()?;
    let mut tiles = vec![Vec::new(); output.maps.len()];
    for index in 0..args.n {
        if stop.is_set() {
            tracing::warn!("stopped after {index} of {} samples, which are in {}", args.n, out.display());
            return Ok(stopped());
        }
        let picture = sampler.picture(index)?;
        for path in output.write(&picture, &out, &format!("sample-{index:04}"))? {
            say(&path, picture.size());
        }
        if index < SHEET {
            for (tiles, picture) in tiles.iter_mut().zip(output.pictures(&picture)?) {
                tiles.push(tile(picture)?);
            }
        }
    }
    for (map, tiles) in output.maps.iter().zip(&tiles) {
        let sheet = out.join(format!("{}.png", output.stem(map, "sheet")));
        let columns = (tiles.len() as f64).sqrt().ceil() as usize;
        let overview = pyramid::contact_sheet(tiles, columns, 2);
        overview.save_png(&sheet)?;
        say(&sheet, overview.size());
    }
    if !args.json.wanted {
        told(&format!(
            "{} of {}x{} and {} in {}",
            counted(args.n as usize, "sample"),
            sampler.size().0,
            sampler.size().1,
            if tiles.len() == 1 { "sheet.png" } else { "a sheet of each picture" },
            out.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
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

fn tile(picture: Picture) -> Result<Picture> {
    let (h, w) = picture.size();
    if h.max(w) <= TILE {
        return Ok(picture);
    }
    let small = imresize(picture.pixels(), pyramid::Target::Scale(TILE as f64 / h.max(w) as f64))?;
    Ok(Picture::from_pixels(small)?)
}
