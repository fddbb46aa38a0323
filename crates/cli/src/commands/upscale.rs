//! `consingan upscale`: enlarges a picture by a network that is trained on it.

use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, Threads};
use crate::device::DeviceArgs;
use crate::output::{json_line, quoted, told};
use crate::pictures::{PageArg, tell_losses};
use crate::progress::{WorkShown, train_shown};
use crate::refusal::refusal;
use crate::signals::Interrupt;
use crate::status::stopped;
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{
    Enlarger, Format, Kind, Outcome, Output, Picture, Place, Run, Source, UpscaleMode, UpscaleRequest,
    check_upscale, upscaling_run,
};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct UpscaleArgs {
    /// The picture: JPEG, PNG, WebP, BMP, TIFF or GIF (first frame)
    image: PathBuf,
    #[command(flatten)]
    page: PageArg,
    /// How many times larger, above 1, to 32
    #[arg(short, long, value_name = "F", default_value_t = 2.0, allow_negative_numbers = true)]
    factor: f64,
    /// What the enlargement aims at
    #[arg(long, value_enum, default_value_t = ModeArg::Fidelity)]
    mode: ModeArg,
    /// Use a network that was trained before (--save) instead of training
    #[arg(long, value_name = "RUN", conflicts_with_all = ["save", "niter", "max_size"])]
    run: Option<PathBuf>,
    /// The file to write [default: NAME-xF.png here, numbered where that is taken]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where to keep what is trained [default: perceptual runs/NAME-upscale, numbered; fidelity nowhere]
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Longer side of the picture to train on, pixels, 16 to 8192; it does not change the result's size
    #[arg(long, value_name = "PX", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(16..=8192))]
    max_size: Option<u64>,
    #[command(flatten)]
    palette: PaletteArg,
    #[command(flatten)]
    format: PictureFormat,
    #[command(flatten)]
    seed: Seed,
    /// Iterations, 1 to 1000000: of each stage (perceptual), of all (fidelity)
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    niter: Option<u64>,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    /// Closeness to the true pixels: closer than bicubic, without invented detail
    Fidelity,
    /// The look of the picture: invented detail of the same kind
    Perceptual,
}

impl UpscaleArgs {
    fn settings(&self, mode: UpscaleMode) -> UpscaleRequest {
        let preset = UpscaleRequest::of(mode);
        UpscaleRequest {
            mode,
            factor: self.factor,
            seed: self.seed.value,
            niter: self.niter.map_or(preset.niter, |n| n as usize),
            max_size: self.max_size.map_or(preset.max_size, |n| n as usize),
        }
    }
}

/// The result of a mode, and where the trained network was kept.
struct Made {
    picture: Picture,
    run: Option<PathBuf>,
}

pub(crate) fn run(args: &UpscaleArgs) -> Result<ExitCode> {
    args.threads.apply();
    let mode = match args.mode {
        ModeArg::Fidelity => UpscaleMode::Fidelity,
        ModeArg::Perceptual => UpscaleMode::Perceptual,
    };
    // Everything that can be wrong is found before minutes of training.
    if mode == UpscaleMode::Fidelity || args.run.is_some() {
        args.device.expect_cpu("this", "--mode perceptual without --run, whose training it is for")?;
    }
    let loaded = args.page.load(&args.image)?;
    let mut output = Output::like(&loaded);
    let picture = loaded.picture;
    check_upscale(picture.size(), args.factor, mode)?;
    output.format = match &args.out {
        Some(out) => Some(args.format.of_file(out, output.maps[0].depth)?),
        None => args.format.chosen(),
    };
    tell_losses(&output);
    expect_room(output.format, &picture)?;
    let place = match &args.out {
        Some(out) => {
            files::check_free_file(out)?;
            Place::At(out.clone())
        }
        None => {
            let stem = args.image.file_stem().unwrap_or_default().to_string_lossy();
            let ending = format!(".{}", output.extension());
            Place::Free { path: format!("{stem}-x{}", args.factor).into(), ending }
        }
    };
    place.check(Kind::File)?;
    args.save.as_ref().map(|save| Place::At(save.clone()).check(Kind::Directory)).transpose()?;
    output.palette = args.palette.of_picture(&picture)?;
    let stop = Interrupt::listen()?;
    let made = match mode {
        UpscaleMode::Fidelity => Some(fidelity(args, &picture, &stop)?),
        UpscaleMode::Perceptual => perceptual(args, &picture, &stop)?,
    };
    let Some(made) = made else { return Ok(stopped()) };
    let write = |path: &Path| output.write_to(&made.picture, path).map_err(consingan::Error::from);
    let (out, ()) = place.make(Kind::File, write)?;
    let (h, w) = made.picture.size();
    if args.json.wanted {
        let run = made.run.as_ref().map(|dir| dir.to_string_lossy());
        json_line(&serde_json::json!({"file": out.to_string_lossy(), "size": [h, w], "run": run}))?;
    } else {
        told(&out.display().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a format that cannot hold the result, before minutes of training.
fn expect_room(format: Option<Format>, picture: &Picture) -> Result<()> {
    let most = format.and_then(Format::file).map_or(usize::MAX, |file| file.most_channels());
    if picture.channels() > most {
        let what = format!("the format holds {most} channels, the picture has {}", picture.channels());
        return Err(refusal(what, "write TIFF or EXR"));
    }
    if format == Some(Format::Jpeg) && picture.channels() < 5 && picture.channels().is_multiple_of(2) {
        return Err(refusal("JPEG cannot hold the picture's transparency", "write PNG, TIFF or WebP"));
    }
    Ok(())
}

/// What is told of the work at its beginning.
fn announced(args: &UpscaleArgs, picture: &Picture) -> String {
    let (h, w) = picture.size();
    let trained =
        if args.run.is_some() || args.mode == ModeArg::Perceptual { "" } else { ", after training on it" };
    format!("enlarging a picture of {h}x{w} {} times{trained}", args.factor)
}

fn fidelity(args: &UpscaleArgs, picture: &Picture, stop: &Interrupt) -> Result<Made> {
    let mut shown = WorkShown::new(stop).announced(announced(args, picture));
    if let Some(dir) = &args.run {
        let picture = Enlarger::open(dir)?.apply(picture, args.factor, &mut shown)?;
        return Ok(Made { picture, run: Some(dir.clone()) });
    }
    let enlarger = Enlarger::train(picture, args.settings(UpscaleMode::Fidelity), &mut shown)?;
    let picture = enlarger.apply(picture, args.factor, &mut shown)?;
    if let Some(dir) = &args.save {
        enlarger.save(dir)?;
    }
    Ok(Made { picture, run: args.save.clone() })
}

fn perceptual(args: &UpscaleArgs, picture: &Picture, stop: &Interrupt) -> Result<Option<Made>> {
    let run = match &args.run {
        Some(dir) => consingan::open(dir)?,
        None => match trained(args, picture, stop)? {
            Some(run) => run,
            None => return Ok(None),
        },
    };
    let mut shown = WorkShown::new(stop).announced(announced(args, picture));
    let picture = run.upscale(picture, args.factor, args.seed.value, &mut shown)?;
    Ok(Some(Made { picture, run: Some(run.dir().to_path_buf()) }))
}

/// Makes a new run that is trained on `picture`; `None` if that was stopped.
fn trained(args: &UpscaleArgs, picture: &Picture, stop: &Interrupt) -> Result<Option<Run>> {
    let name = args.image.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let settings = args.settings(UpscaleMode::Perceptual);
    let device = args.device.open()?;
    let source = Source::Memory { picture: Cow::Borrowed(picture), name };
    let mut run = upscaling_run(source, &settings, args.save.as_deref())?.on(device);
    tracing::info!("run directory: {}", run.dir().display());
    if train_shown(&mut run, stop, false)? == Outcome::Stopped {
        let dir = quoted(run.dir());
        tracing::warn!("stopped; go on with: consingan train --resume {dir}, then upscale --run {dir}");
        return Ok(None);
    }
    Ok(Some(run))
}
