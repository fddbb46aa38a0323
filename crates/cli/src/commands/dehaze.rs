//! `consingan dehaze`: the picture behind the haze.

use crate::arguments::{Json, PictureFormat, Seed, Threads};
use crate::output::{duration, json_line, told};
use crate::pictures::{PageArg, tell_losses};
use crate::progress::WorkShown;
use crate::signals::Interrupt;
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{DehazeRequest, Kind, Method, Output, Place};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[derive(Debug, Args)]
pub(crate) struct DehazeArgs {
    /// The hazy picture: JPEG, PNG, WebP, BMP, TIFF or GIF (first frame); alpha stays as it is
    image: PathBuf,
    #[command(flatten)]
    page: PageArg,
    /// The directory to make [default: dehazed/NAME, numbered where the name is taken]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How haze is taken away
    #[arg(long, value_enum, default_value_t = MethodArg::MultiStage)]
    method: MethodArg,
    #[command(flatten)]
    seed: Seed,
    /// Longer side of the picture to train on, 32 to 1024; the result has the picture's own size
    #[arg(long, value_name = "PIXELS", default_value_t = DehazeRequest::default().max_size, allow_negative_numbers = true)]
    max_size: usize,
    /// Iterations a stage, 0 to 100000; 0 takes the prior's estimate without training
    #[arg(long, value_name = "N", default_value_t = DehazeRequest::default().niter, allow_negative_numbers = true)]
    niter: usize,
    /// Stages of the generator, 1 to 8
    #[arg(long, value_name = "N", default_value_t = DehazeRequest::default().stages, allow_negative_numbers = true)]
    train_stages: usize,
    /// Channels between the convolutions, 1 to 1024
    #[arg(long, value_name = "N", default_value_t = DehazeRequest::default().filters, allow_negative_numbers = true)]
    filters: usize,
    #[command(flatten)]
    format: PictureFormat,
    #[command(flatten)]
    json: Json,
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
    let config = DehazeRequest {
        method: match args.method {
            MethodArg::MultiStage => Method::MultiStage,
            MethodArg::Dcp => Method::DarkChannelPrior,
        },
        seed: args.seed.value,
        max_size: args.max_size,
        niter: args.niter,
        stages: args.train_stages,
        filters: args.filters,
        ..DehazeRequest::default()
    };
    // Errors are found before anything takes long.
    let usual = || Place::free(Path::new("dehazed").join(args.image.file_stem().unwrap_or_default()));
    let place = args.out.clone().map_or_else(usual, Place::At);
    place.check(Kind::Directory)?;
    let loaded = args.page.load(&args.image)?;
    let output = Output { format: args.format.chosen(), ..Output::like(&loaded) };
    tell_losses(&output);
    let picture = loaded.picture;
    let begun = Instant::now();
    let ((h, w), stages, niter) = (picture.size(), args.train_stages, args.niter);
    let announced = format!("dehazing a picture of {h}x{w}: {stages} stages of {niter} iterations");
    let stop = Interrupt::listen()?;
    let dehazed = consingan::dehaze(&picture, config, &mut WorkShown::new(&stop).announced(announced))?;
    let write = |temporary: &Path| dehazed.write(temporary, &output).map_err(consingan::Error::from);
    let (out, ()) = place.make(Kind::Directory, write)?;
    let mean = dehazed.transmission.mean().unwrap_or(1.0);
    if args.json.wanted {
        let (height, width) = dehazed.picture.size();
        let value = serde_json::json!({
            "dir": out.to_string_lossy(),
            "size": [height, width],
            "A": dehazed.airlight,
            "mean_transmission": mean,
        });
        json_line(&value)?;
    } else {
        let [r, g, b] = dehazed.airlight;
        tracing::info!(
            "airlight {r:.2} {g:.2} {b:.2}, mean transmission {mean:.2}, in {}",
            duration(begun.elapsed().as_secs_f64())
        );
        let extension = output.extension();
        told(&format!("J.{extension}, t.{extension} and A.json in {}", out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
