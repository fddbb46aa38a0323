//! `consingan animate`: a walk around a run's fixed noise, as a GIF, an animated WebP or PNG, or single frames.

use crate::arguments::{Json, PaletteArg, Seed, Threads};
use crate::device::DeviceArgs;
use crate::output::{counted, json_line, told};
use crate::progress::WorkShown;
use crate::refusal::refusal;
use crate::signals::Interrupt;
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{AnimateRequest, Depth, End, FrameFormat, Kind, Map, Place, Run};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct AnimateArgs {
    /// The run directory
    run: PathBuf,
    /// Pull back to the picture, 0 to 1
    #[arg(long, value_name = "X", default_value_t = 0.1, allow_negative_numbers = true)]
    alpha: f64,
    /// How smooth the walk is, 0 to 1
    #[arg(long, value_name = "X", default_value_t = 0.9, allow_negative_numbers = true)]
    beta: f64,
    /// Stages below it keep the fixed noise, and so the layout
    #[arg(long, value_name = "K", default_value_t = 1, allow_negative_numbers = true)]
    start_stage: usize,
    /// Frames, 1 to 10000
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    frames: u32,
    /// Frames a second, 0.1 to 50 for a GIF, to 1000 otherwise
    #[arg(long, value_name = "X", default_value_t = 10.0, allow_negative_numbers = true)]
    fps: f64,
    /// End where the animation began, so that it loops without a jump
    #[arg(long = "loop")]
    closed: bool,
    #[command(flatten)]
    seed: Seed,
    /// What to write; png: a directory of frames [default: as --out ends, else gif]
    #[arg(long, value_enum)]
    format: Option<FramesArg>,
    /// Where to write [default: RUN/animation.gif, numbered where that is taken]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    #[command(flatten)]
    palette: PaletteArg,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FramesArg {
    /// 256 colours a frame
    Gif,
    /// Lossless
    Webp,
    /// An animated PNG, lossless
    Apng,
    /// A numbered file a frame
    Png,
}

impl FramesArg {
    fn into_format(self) -> FrameFormat {
        match self {
            FramesArg::Gif => FrameFormat::Gif,
            FramesArg::Webp => FrameFormat::Webp,
            FramesArg::Apng => FrameFormat::Apng,
            FramesArg::Png => FrameFormat::Png,
        }
    }
}

/// The format that was chosen, or that the ending of `--out` names. A name without an ending is a GIF, or a directory
/// of frames.
fn format(args: &AnimateArgs) -> Result<FrameFormat> {
    let chosen = args.format.map(FramesArg::into_format);
    let Some(out) = args.out.as_deref().filter(|out| out.extension().is_some()) else {
        return Ok(chosen.unwrap_or(FrameFormat::Gif));
    };
    match (chosen, FrameFormat::from_extension(out)) {
        (None, Some(format)) => Ok(format),
        (Some(chosen), of_ending) if of_ending == Some(chosen) || chosen == FrameFormat::Png => Ok(chosen),
        (None, None) => Err(refusal(
            format!("{}: its ending names no format of animations", out.display()),
            "end it in .gif, .webp or .apng, or write a directory of frames with --format png",
        )),
        (Some(chosen), _) => Err(refusal(
            format!("{}: ends like another format than that of --format", out.display()),
            format!("end it in .{}, or leave out --format", chosen.name()),
        )),
    }
}

/// The path with the name of a map at the end of its stem.
fn named(out: &Path, name: &str) -> PathBuf {
    let mut file = out.file_stem().unwrap_or_default().to_os_string();
    file.push(format!("-{name}"));
    match out.extension() {
        Some(extension) => out.with_file_name(file).with_extension(extension),
        None => out.with_file_name(file),
    }
}

/// Where the animation of a map goes; the name of the map is part of it where there are several.
fn place(args: &AnimateArgs, run: &Run, format: FrameFormat, map: &Map) -> Place {
    let of_map = |out: PathBuf| if map.name.is_empty() { out } else { named(&out, &map.name) };
    let ending = if format == FrameFormat::Png { String::new() } else { format!(".{}", format.name()) };
    match &args.out {
        Some(out) => Place::At(of_map(out.clone())),
        None => Place::Free { path: of_map(run.dir().join("animation")), ending },
    }
}

pub(crate) fn run(args: &AnimateArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = consingan::open(&args.run)?;
    let request = AnimateRequest {
        alpha: args.alpha,
        beta: args.beta,
        start_stage: args.start_stage,
        frames: args.frames,
        end: if args.closed { End::Loop } else { End::Open },
        seed: args.seed.value,
    };
    let format = format(args)?;
    let maps = run.maps()?;
    let kind = if format == FrameFormat::Png { Kind::Directory } else { Kind::File };
    let places: Vec<Place> = maps.iter().map(|map| place(args, &run, format, map)).collect();
    places.iter().try_for_each(|place| place.check(kind))?;
    let run = run.on(args.device.open()?);
    let palette = args.palette.of(&run)?;
    if maps.iter().any(|map| map.depth != Depth::Eight) {
        tracing::warn!("frames have 8 bits a channel; the picture has more");
    }
    let size = run.info().sizes[run.info().stages_done - 1];
    let stop = Interrupt::listen()?;
    for (shown, place) in places.iter().enumerate() {
        let mut animation = run.animation(request)?.of_map(shown);
        if let Some(palette) = palette.clone() {
            animation = animation.in_colours(palette);
        }
        let (out, count) = place.make(kind, |temporary| {
            animation.save(temporary, format, args.fps, &mut WorkShown::new(&stop))
        })?;
        if args.json.wanted {
            let value = serde_json::json!({"file": out.to_string_lossy(), "frames": count, "fps": args.fps, "size": size});
            json_line(&value)?;
        } else {
            told(&format!("{} of {}x{}: {}", counted(count, "frame"), size.0, size.1, out.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
