//! `consingan bench`: milliseconds per training iteration, stage by stage; or what its kernels take.

use crate::arguments::Threads;
use crate::device::DeviceArgs;
use crate::output::json_line;
use crate::refusal::refusal;
use anyhow::Result;
use clap::Args;
use consingan::{Device, Picture, Precision, TrainConfig};
use std::path::PathBuf;
use std::process::ExitCode;
use train::{direct_flops, median, step_flops, time_stage};

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The picture
    image: PathBuf,
    /// Timed iterations a stage, 1 to 10000; two more warm up
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    iters: u32,
    /// Longer side of the finest stage
    #[arg(long, default_value_t = 250)]
    max_size: usize,
    /// Stages
    #[arg(long, default_value_t = 6)]
    stages: usize,
    /// Time only this stage, counted from 0
    #[arg(long, value_name = "K")]
    stage: Option<usize>,
    /// Add the time that the convolutions' operations (as Winograd counts them) take at this machine's measured peak
    #[arg(long)]
    floor: bool,
    /// How exactly a GPU multiplies: tf32 or f32
    #[arg(long, value_name = "NAME", default_value = "tf32", value_parser = precision)]
    precision: Precision,
    /// Show the time of each kernel of an iteration on a GPU instead
    #[arg(long, conflicts_with = "floor")]
    profile: bool,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    threads: Threads,
}

fn precision(text: &str) -> Result<Precision, String> {
    Precision::from_name(text).ok_or_else(|| "give tf32 or f32".into())
}

pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode> {
    args.threads.apply();
    let device = args.device.open()?;
    let config = TrainConfig {
        max_size: args.max_size,
        train_stages: args.stages,
        precision: args.precision,
        ..TrainConfig::default()
    };
    config.check()?;
    if let Some(stage) = args.stage.filter(|&stage| stage >= args.stages) {
        let what = format!("stage is {stage}, it must be between 0 and {}", args.stages - 1);
        return Err(refusal(what, "stages are counted from 0, coarsest first"));
    }
    let picture = pyramid::load(&args.image)?;
    let smallest = config.net(picture.channels()).receptive_field();
    let pictures = pyramid::pyramid(&picture, &config.schedule(), smallest)?;
    let sizes: Vec<_> = pictures.iter().map(Picture::size).collect();
    let peak = args.floor.then(kernels::fma_peak);
    for stage in args.stage.map_or(0..pictures.len(), |stage| stage..stage + 1) {
        if args.profile {
            profile(&config, &pictures, stage, &device)?;
            continue;
        }
        let times = time_stage(&config, &pictures, stage, 2, args.iters as usize, &device)?;
        let (h, w) = sizes[stage];
        let (channels, sizes) = (picture.channels(), &sizes[..=stage]);
        let floor = |peak| step_flops(&config, channels, sizes) / peak;
        json_line(&Line {
            stage,
            size: [h, w],
            ms_per_iter: milliseconds(median(times).as_secs_f64()),
            floor_ms: peak.map(|peak| milliseconds(floor(peak))),
            gflop: device.is_cuda().then(|| (direct_flops(&config, channels, sizes) / 1e9).round()),
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints one line per kernel.
#[cfg(feature = "cuda")]
fn profile(config: &TrainConfig, pictures: &[Picture], stage: usize, device: &Device) -> Result<()> {
    if device.is_cpu() {
        return Err(refusal("--profile is for a GPU, and this is the CPU", "give --device cuda"));
    }
    for time in train::profile_stage(config, pictures, stage, device)? {
        let (kernel, launches) = (time.kernel, time.launches);
        let ms = (time.milliseconds * 1e4).round() / 1e4;
        let mut value = serde_json::json!({"stage": stage, "kernel": kernel, "launches": launches, "ms": ms});
        if time.gflop > 0.0 {
            value["gflop"] = ((time.gflop * 100.0).round() / 100.0).into();
        }
        json_line(&value)?;
    }
    Ok(())
}

#[cfg(not(feature = "cuda"))]
fn profile(_: &TrainConfig, _: &[Picture], _: usize, _: &Device) -> Result<()> {
    let what = "--profile is for a GPU, and this program was built without CUDA";
    Err(refusal(what, "build it with --features cuda"))
}

/// From seconds, to a hundredth.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e5).round() / 100.0
}

/// A line of the output.
#[derive(serde::Serialize)]
struct Line {
    stage: usize,
    size: [usize; 2],
    ms_per_iter: f64,
    /// The time that the step's operations would take at the machine's peak, if it was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_ms: Option<f64>,
    /// Operations of an iteration's convolutions as matrix units compute them, on a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    gflop: Option<f64>,
}
