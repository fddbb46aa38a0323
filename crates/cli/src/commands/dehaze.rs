//! `consingan dehaze`: the picture behind the haze.

use crate::args::{FormatArg, Threads};
use crate::output::{BARS, duration, line};
use crate::places::{check_free, free_name};
use anyhow::Result;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use tasks::{Dehazing, Method, dehaze};

#[derive(Debug, Args)]
pub(crate) struct DehazeArgs {
    /// The hazy picture: JPEG, PNG, WebP, BMP, TIFF or GIF (first frame); alpha stays as it is
    image: PathBuf,
    /// The directory to make [default: dehazed/NAME, numbered where the name is taken]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How haze is taken away
    #[arg(long, value_enum, default_value_t = MethodArg::MultiStage)]
    method: MethodArg,
    /// Seed of the network; the same seed gives the same files
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: u64,
    /// Longer side of what the network is trained on, 32 to 1024; the result has the picture's own size
    #[arg(long, value_name = "PIXELS", default_value_t = Dehazing::default().max_size, allow_negative_numbers = true)]
    max_size: usize,
    /// Iterations a stage, 0 to 100000; 0 takes the prior's estimate without training
    #[arg(long, value_name = "N", default_value_t = Dehazing::default().niter, allow_negative_numbers = true)]
    niter: usize,
    /// Stages of the generator, 1 to 8
    #[arg(long, value_name = "N", default_value_t = Dehazing::default().stages, allow_negative_numbers = true)]
    train_stages: usize,
    /// Channels between the convolutions, 1 to 1024
    #[arg(long, value_name = "N", default_value_t = Dehazing::default().filters, allow_negative_numbers = true)]
    filters: usize,
    /// What to write J and t as
    #[arg(long, value_enum, default_value_t = FormatArg::Png)]
    format: FormatArg,
    /// Print a JSON line on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodArg {
    /// The multi-stage generator with a picture and a transmission head, trained on the picture
    MultiStage,
    /// The dark channel prior with a guided filter (He, Sun and Tang), in a moment
    Dcp,
}

pub(crate) fn run(args: &DehazeArgs) -> Result<ExitCode> {
    args.threads.apply();
    let config = Dehazing {
        method: match args.method {
            MethodArg::MultiStage => Method::MultiStage,
            MethodArg::Dcp => Method::DarkChannelPrior,
        },
        seed: args.seed,
        max_size: args.max_size,
        niter: args.niter,
        stages: args.train_stages,
        filters: args.filters,
        ..Dehazing::default()
    };
    let format = args.format.into_format();
    // Found before anything takes time.
    if let Some(out) = &args.out {
        check_free(out)?;
    }
    let picture = pyramid::load(&args.image)?;
    let begun = Instant::now();
    let bar = if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}");
        let bar = BARS.add(ProgressBar::new(config.niter as u64));
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    } else {
        ProgressBar::hidden()
    };
    let dehazed = dehaze(&picture, &config, &mut |stage, done, loss| {
        bar.set_prefix(format!("stage {stage}/{}", config.stages - 1));
        bar.set_position(done as u64);
        bar.set_message(format!("loss {loss:.5}"));
    })?;
    bar.finish_and_clear();
    let out = match &args.out {
        Some(out) => out.clone(),
        None => {
            let stem = args.image.file_stem().unwrap_or_default();
            free_name(&Path::new("dehazed").join(stem))
        }
    };
    dehazed.write(&out, format)?;
    let mean = dehazed.transmission.mean().unwrap_or(1.0);
    if args.json {
        let (height, width) = dehazed.picture.size();
        let value = serde_json::json!({
            "dir": out.to_string_lossy(),
            "size": [height, width],
            "A": dehazed.airlight,
            "mean_transmission": mean,
        });
        line(&value.to_string());
    } else {
        let [r, g, b] = dehazed.airlight;
        tracing::info!(
            "airlight {r:.2} {g:.2} {b:.2}, mean transmission {mean:.2}, in {}",
            duration(begun.elapsed().as_secs_f64())
        );
        let extension = format.extension();
        line(&format!("J.{extension}, t.{extension} and A.json in {}", out.display()));
    }
    Ok(ExitCode::SUCCESS)
}
