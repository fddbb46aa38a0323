//! `consingan harmonize` and `consingan edit`: a trained run at work on a picture that was changed by hand.

use crate::args::{FormatArg, Threads};
use crate::device::DeviceArgs;
use crate::output::line;
use crate::places::{check_free, free_name, make_folder};
use crate::progress::Progress;
use crate::train_command::{stop_signals, stopped};
use anyhow::{Context, Result, bail};
use candle_core::Device;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tasks::{RetouchRequest, Task, Transfer, fine_tune, fine_tune_niter, first_input, retouch};
use train::{Outcome, Pace, Run, train};

#[derive(Debug, Args)]
pub(crate) struct RetouchArgs {
    /// The run directory, of a run that was trained for it
    pub(crate) run: PathBuf,
    /// The picture to change, of any size
    pub(crate) naive: PathBuf,
    /// A picture that is white where to change [default: where the picture differs from the training picture]
    #[arg(long, value_name = "FILE")]
    mask: Option<PathBuf>,
    /// Train the run's last stage on the picture first; makes a new run
    #[arg(long)]
    fine_tune: bool,
    /// Iterations of --fine-tune, 1 to 1000000 [default: 40, with the preset paper the run's]
    #[arg(long, value_name = "N", requires = "fine_tune", allow_negative_numbers = true)]
    niter: Option<usize>,
    /// Where to write; with --fine-tune the new run directory [default: RUN/harmonized or RUN/edited, with --fine-tune
    /// RUN-fine-tuned; numbered where the name is taken]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to take from the network's picture [default: what the run's preset has]
    #[arg(long, value_enum)]
    transfer: Option<TransferArg>,
    /// Seed of the noise on the picture (editing)
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: u64,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TransferArg {
    /// The picture itself
    Picture,
    /// What it changed, which keeps finer detail
    Change,
    /// Only how colours changed
    Colours,
    /// The picture where the naive one has what the training picture has nowhere, as along borders of moved parts
    Seams,
}

/// Runs either command; `task` is what the run must have been trained for.
pub(crate) fn run(args: &RetouchArgs, task: Task) -> Result<ExitCode> {
    args.threads.apply();
    let mut run = Run::open(&args.run)?;
    let (this, name) = if task == Task::Editing { ("edit", "edited") } else { ("harmonize", "harmonized") };
    if Task::of(&run)? != task {
        bail!(
            "{}: was trained for {}, {this} needs {}; train one with: consingan train PICTURE --task {}",
            run.dir.display(),
            run.info.task,
            task.name(),
            task.name()
        );
    }
    if !args.fine_tune {
        args.device.expect_cpu(this, "--fine-tune, whose training it is for")?;
    }
    args.out.as_deref().map(check_free).transpose()?;
    let naive = pyramid::load(&args.naive)?;
    let mask = args.mask.as_deref().map(pyramid::load).transpose()?;
    let request = RetouchRequest {
        mask: mask.as_ref(),
        seed: args.seed,
        transfer: args.transfer.map(|t| match t {
            TransferArg::Picture => Transfer::Picture,
            TransferArg::Change => Transfer::Change,
            TransferArg::Colours => Transfer::Colours,
            TransferArg::Seams => Transfer::Seams,
        }),
    };
    // Also where the run is to be trained further first: what is wrong is found before.
    let mut retouched = retouch(&run, &naive, &request)?;
    let mut out = args.out.clone().unwrap_or_else(|| free_name(&run.dir.join(name)));
    if args.fine_tune {
        let beside = format!("{}-fine-tuned", file_name(&run.dir)?);
        let dir = args.out.clone().unwrap_or_else(|| free_name(&run.dir.with_file_name(beside)));
        run = fine_tune(&dir, &run, &naive, args.niter.unwrap_or_else(|| fine_tune_niter(&run)))?;
        tracing::info!("run directory: {}", run.dir.display());
        let mut progress = Progress::new(&run, stop_signals()?, args.json);
        let device = args.device.open()?;
        let first = first_input(&run, &device)?;
        let outcome = train(&mut run, first.as_ref(), &device, Pace::default(), &mut progress)?;
        progress.finish();
        if outcome == Outcome::Stopped {
            return Ok(stopped(&run));
        }
        retouched = retouch(&run, &naive, &request)?;
        out = run.dir.join(name);
    }
    make_folder(&out)?;
    let say = |path: &Path, size: (usize, usize)| {
        if args.json {
            line(&serde_json::json!({"file": path.to_string_lossy(), "size": size}).to_string());
        } else {
            line(&path.display().to_string());
        }
    };
    for (stem, picture) in [("result", &retouched.picture), ("network", &retouched.network)] {
        let (path, picture) =
            args.format.into_format().write(&train::tensor(picture, &Device::Cpu)?, &out, stem)?;
        say(&path, picture.size());
    }
    let mask = out.join("mask.png");
    retouched.mask.save_png(&mask)?;
    say(&mask, retouched.mask.size());
    if args.mask.is_none() {
        tracing::info!(
            "the mask is where the picture differs from the training picture; correct it and give it with --mask"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn file_name(dir: &Path) -> Result<String> {
    let whole = dir.canonicalize().with_context(|| dir.display().to_string())?;
    Ok(whole.file_name().unwrap_or_default().to_string_lossy().into_owned())
}
