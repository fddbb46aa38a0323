//! `consingan harmonize` and `consingan edit`: a trained run retouches a picture that was changed by hand.

use crate::after_training::tell_stopped;
use crate::arguments::{Json, PaletteArg, PictureFormat, Seed, Threads};
use crate::device::DeviceArgs;
use crate::output::{Unprinted, json_line, told};
use crate::pictures::{output_of, stack_for};
use crate::progress::{WorkShown, train_shown};
use crate::refusal::refusal;
use crate::signals::Interrupt;
use crate::status::stopped;
use anyhow::Result;
use clap::{Args, ValueEnum};
use consingan::{
    FineTuneRequest, Kept, Kind, MaskReading, Outcome, Output, Picture, Place, RetouchRequest, Retouched,
    Run, Size, Task, Transfer,
};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(mut_arg("seed", |arg| arg.help("Seed of the noise that editing puts on the picture")))]
pub(crate) struct RetouchArgs {
    /// The run directory, of a run that was trained for it
    run: PathBuf,
    /// The picture to change, of any size
    naive: PathBuf,
    /// A picture that is white where to change [default: NAME_mask.EXT beside the picture, else where it differs from the
    /// training picture]
    #[arg(long, value_name = "FILE")]
    mask: Option<PathBuf>,
    /// For a run of several aligned pictures: the others, changed alike, in the run's order
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
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
    #[command(flatten)]
    seed: Seed,
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

impl TransferArg {
    fn into_transfer(self) -> Transfer {
        match self {
            TransferArg::Picture => Transfer::Picture,
            TransferArg::Change => Transfer::Change,
            TransferArg::Colours => Transfer::Colours,
            TransferArg::Seams => Transfer::Seams,
        }
    }
}

/// Runs either command; `task` is what the run must have been trained for.
pub(crate) fn run(args: &RetouchArgs, task: Task) -> Result<ExitCode> {
    args.threads.apply();
    let run = consingan::open(&args.run)?;
    let (this, name) = if task == Task::Editing { ("edit", "edited") } else { ("harmonize", "harmonized") };
    if run.info().task != task {
        let (trained, needed) = (run.info().task.name(), task.name());
        return Err(refusal(
            format!("{}: was trained for {trained}, {this} needs {needed}", run.dir().display()),
            format!("train one with: consingan train PICTURE --task {needed}"),
        ));
    }
    if !args.fine_tune {
        args.device.expect_cpu(this, "--fine-tune, whose training it is for")?;
    }
    let mut place = args.out.clone().map_or_else(|| Place::free(run.dir().join(name)), Place::At);
    place.check(Kind::Directory)?;
    let output = output_of(&run, args.format, args.palette)?;
    let naive = stack_for(&run, &args.naive, &args.with)?;
    let mask = mask_file(args).as_deref().map(pyramid::load).transpose()?;
    let request = RetouchRequest {
        mask: mask.as_ref(),
        seed: args.seed.value,
        transfer: args.transfer.map(TransferArg::into_transfer),
    };
    if let Some(niter) = args.niter {
        limits::within("niter", niter, 1..=1_000_000)?;
    }
    let stop = Interrupt::listen()?;
    let (h, w) = naive.size();
    let mut shown = WorkShown::new(&stop).announced(format!("{this}: {}, {h}x{w}", args.naive.display()));
    // This also happens before fine-tuning, so that errors are found before the training.
    let mut retouched = run.retouch(&naive, request, &mut shown)?;
    drop(shown);
    if args.fine_tune {
        let Some(tuned) = fine_tuned(args, run, &naive, &stop)? else { return Ok(stopped()) };
        retouched = tuned.retouch(&naive, request, &mut WorkShown::new(&stop))?;
        place = Place::At(tuned.dir().join(name));
    }
    let (out, files) = place.make(Kind::Directory, |temporary| write(&retouched, &output, temporary))?;
    tell_mask(&retouched);
    tell_kept(retouched.kept);
    for (file, size) in files {
        say(args, &retouched, &out.join(file), size)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The mask that was given, or `NAME_mask.EXT` beside the picture, as the official programs have it.
fn mask_file(args: &RetouchArgs) -> Option<PathBuf> {
    if args.mask.is_some() {
        return args.mask.clone();
    }
    let mut name = args.naive.file_stem()?.to_os_string();
    name.push("_mask");
    let beside = args.naive.with_file_name(name).with_extension(args.naive.extension().unwrap_or_default());
    let found = beside.is_file().then_some(beside)?;
    tracing::info!("mask: {}", found.display());
    Some(found)
}

/// Says where the naive picture was kept.
fn tell_kept(Kept { parts, kept }: Kept) {
    match (kept, parts) {
        (0, _) => {}
        (_, 1) => {
            tracing::warn!("the network's borders are worse than those of the naive picture, which is kept")
        }
        _ if kept == parts => {
            tracing::warn!(
                "the network's borders are everywhere worse than those of the naive picture, which is kept"
            );
        }
        _ => {
            tracing::warn!("{kept} of {parts} changed parts are kept: the network's borders are worse there")
        }
    }
}

/// Says how the mask was understood, and warns where it is white in most of the picture.
fn tell_mask(retouched: &Retouched) {
    let percent = (retouched.covered * 100.0).ceil();
    match retouched.reading {
        MaskReading::Derived => tracing::info!(
            "the mask is where the picture differs from the training picture ({percent} per cent); correct it and give it \
             with --mask"
        ),
        MaskReading::White => {}
        MaskReading::Faint => tracing::info!("the mask has values of 0 and 1 of 255: 1 was taken as white"),
        MaskReading::Inverted => tracing::warn!(
            "the mask is black where the picture was changed: it was inverted; white is where to change"
        ),
    }
    if retouched.covered > 0.5 {
        tracing::warn!("the mask covers {percent} per cent of the picture; white is where to change");
    }
}

/// Makes a new run, which is `run` with its last stage trained on `naive`; `None` if that was stopped.
fn fine_tuned(args: &RetouchArgs, run: Run, naive: &Picture, stop: &Interrupt) -> Result<Option<Run>> {
    // The GPU is opened before the run's directory is made, so that nothing is left if it cannot be used.
    let run = run.on(args.device.open()?);
    let request = FineTuneRequest { niter: args.niter, out: args.out.clone() };
    let mut tuned = run.fine_tune(naive, request)?;
    tracing::info!("run directory: {}", tuned.dir().display());
    if train_shown(&mut tuned, stop, args.json.wanted)? == Outcome::Stopped {
        tell_stopped(&tuned);
        return Ok(None);
    }
    Ok(Some(tuned))
}

/// Writes the result, the network's picture and the mask to the new directory `out`, and returns the names of the files with
/// their heights and widths.
fn write(
    retouched: &Retouched,
    output: &Output,
    out: &Path,
) -> Result<Vec<(OsString, Size)>, consingan::Error> {
    std::fs::create_dir(out).map_err(files::Error::io(out))?;
    let mut files = Vec::new();
    let mut made =
        |path: &Path, size| files.push((path.file_name().unwrap_or_default().to_os_string(), size));
    for (stem, picture) in [("result", &retouched.picture), ("network", &retouched.network)] {
        // The network's picture is to be looked at, and keeps colours that the palette does not have.
        let palette = output.palette.clone().filter(|_| stem == "result");
        for path in (Output { palette, ..output.clone() }).write(picture, out, stem)? {
            made(&path, picture.size());
        }
    }
    let mask = out.join("mask.png");
    retouched.mask.save_png(&mask)?;
    made(&mask, retouched.mask.size());
    Ok(files)
}

/// Tells of a file that was written.
fn say(args: &RetouchArgs, retouched: &Retouched, path: &Path, size: Size) -> Result<(), Unprinted> {
    if !args.json.wanted {
        return told(&path.display().to_string());
    }
    let mut value = serde_json::json!({"file": path.to_string_lossy(), "size": size});
    if retouched.kept.kept > 0 {
        value["kept"] = serde_json::json!({"parts": retouched.kept.parts, "kept": retouched.kept.kept});
    }
    json_line(&value)
}
