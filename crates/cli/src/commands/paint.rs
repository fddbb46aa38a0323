//! `consingan paint`: a rough painting, made into a picture in the style of a run.

use crate::args::{FormatArg, Threads, scale, size};
use crate::device::DeviceArgs;
use crate::output::line;
use crate::places::{free_name, make_folder};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use tasks::{PaintRequest, Painter, Target};
use train::Run;

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
    #[arg(short, long, default_value_t = 1, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    n: u32,
    /// Seed of the noise
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: u64,
    /// Height and width of the result, like 250x500 [default: the training picture's]
    #[arg(long, value_name = "HxW", allow_hyphen_values = true, value_parser = size, conflicts_with = "scale")]
    size: Option<Target>,
    /// Factors on the training picture's height and width, like 1x2
    #[arg(long, value_name = "FHxFW", allow_hyphen_values = true, value_parser = scale)]
    scale: Option<Target>,
    /// Where to write [default: RUN/painted/NAME, numbered where that is taken]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = FormatArg::Png)]
    format: FormatArg,
    /// Print a JSON line a file on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(args: &PaintArgs) -> Result<ExitCode> {
    args.threads.apply();
    let run = Run::open(&args.run)?;
    let painting = pyramid::load(&args.painting)?;
    let request = PaintRequest {
        start_stage: args.start_stage,
        colours: args.colours,
        target: args.size.or(args.scale).unwrap_or_default(),
        seed: args.seed,
    };
    let painter = Painter::new(&run, &painting, request, &args.device.open()?)?;
    let stem = args.painting.file_stem().unwrap_or_default();
    let out = args.out.clone().unwrap_or_else(|| free_name(&run.dir.join("painted").join(stem)));
    make_folder(&out)?;
    let say = |path: &std::path::Path| {
        if args.json {
            line(&serde_json::json!({"file": path.to_string_lossy()}).to_string());
        }
    };
    let entered = out.join("painting.png");
    painter.painting()?.save_png(&entered)?;
    say(&entered);
    for index in 0..args.n {
        let (path, _) =
            args.format.into_format().write(&painter.refine(index)?, &out, &format!("painted-{index:04}"))?;
        say(&path);
    }
    if !args.json {
        line(&format!("{} pictures and painting.png, as it entered, in {}", args.n, out.display()));
    }
    Ok(ExitCode::SUCCESS)
}
