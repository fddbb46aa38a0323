//! The command line.

use crate::animate::AnimateArgs;
use crate::config::Overrides;
use crate::dehaze::DehazeArgs;
use crate::device::DeviceArgs;
use crate::eval_tasks::EvalTasksArgs;
use crate::paint::PaintArgs;
use crate::retouch::RetouchArgs;
use crate::upscale::UpscaleArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use kernels::{Precision, Wrap};
use std::path::PathBuf;
use tasks::{Format, Target};

/// One picture in, a generative model of it out.
#[derive(Debug, Parser)]
#[command(name = "consingan", version, about, max_term_width = 110)]
pub(crate) struct Cli {
    /// Say more (twice: everything); RUST_LOG says it in detail
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train on a picture, or go on with a run
    Train(Box<TrainArgs>),
    /// Make new pictures with a run
    Sample(SampleArgs),
    /// Let a run's picture move
    Animate(AnimateArgs),
    /// Make a rough painting into a picture in the style of a run
    Paint(PaintArgs),
    /// Take haze away from a picture
    Dehaze(DehazeArgs),
    /// Score a run's samples, or a folder of pictures, against the picture
    Evaluate(EvaluateArgs),
    /// Write a report of a run to look at: one HTML file
    Report(ReportArgs),
    /// Give what was pasted into a picture the picture's colours, with a run of the task harmonization
    Harmonize(RetouchArgs),
    /// Join parts of a picture that were moved to their new surroundings, with a run of the task editing
    Edit(RetouchArgs),
    /// Make a run of a model that the official program trained
    Import(crate::import::ImportArgs),
    /// Enlarge a picture, trained on itself
    Upscale(UpscaleArgs),
    /// Say what a run is and how far
    Inspect(InspectArgs),
    /// Time the training step stage by stage, with the paper's settings
    Bench(BenchArgs),
    /// Try every task on pictures with known truth
    #[command(hide = true)]
    EvalTasks(EvalTasksArgs),
    /// Run the reference's cases through this program
    #[command(hide = true)]
    Golden(GoldenArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The picture: JPEG, PNG, WebP, BMP, TIFF or GIF (first frame)
    #[arg(required_unless_present_any = ["resume", "input_name"])]
    pub(crate) image: Option<PathBuf>,
    /// The official program's way to name the picture
    #[arg(long, alias = "input_name", hide = true, conflicts_with = "image")]
    pub(crate) input_name: Option<PathBuf>,
    /// The run directory to make [default: runs/NAME, numbered where the name is taken]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What for: generation, retarget (other sizes and shapes), animation, harmonization, editing or paint [default: generation]
    #[arg(long, aliases = ["train_mode", "train-mode"], value_name = "TASK")]
    pub(crate) task: Option<String>,
    /// Named settings: quick (minutes), auto (what --minutes allow) or paper (the official program's) [default: quick]
    #[arg(long)]
    pub(crate) preset: Option<String>,
    /// How long training may take, for --preset auto: sizes, stages and iterations are chosen for it [default: 5]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    pub(crate) minutes: Option<f64>,
    /// Settings from a TOML file; keys are the flags' names. The command line wins over it, it over the preset
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Go on with the run in this directory, from where it was stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = ["image", "input_name", "out", "config", "preset", "minutes", "task", "dry_run"])]
    pub(crate) resume: Option<PathBuf>,
    /// Print settings, pyramid and an estimate of the time, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print events (or the dry run) as JSON lines on standard output
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten, next_help_heading = "Settings (defaults are the preset's)")]
    pub(crate) settings: Overrides,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// Worker threads, 1 to 256; the results are the same bytes [default: one a core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

impl Threads {
    /// Sets the number of worker threads of all that follows.
    pub(crate) fn apply(self) {
        if let Some(n) = self.threads {
            kernels::set_threads(n.into());
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The run directory
    pub(crate) run: PathBuf,
    /// How many, 1 to 100000
    #[arg(short, long, default_value_t = 16, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) n: u32,
    /// Seed of the noise; the same seed gives the same pictures
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    pub(crate) seed: u64,
    /// Height and width, like 250x500
    #[arg(long, value_name = "HxW", allow_hyphen_values = true, value_parser = size, conflicts_with = "scale")]
    pub(crate) size: Option<Target>,
    /// Factors on the training picture's height and width, like 1x2
    #[arg(long, value_name = "FHxFW", allow_hyphen_values = true, value_parser = scale)]
    pub(crate) scale: Option<Target>,
    /// Use the generator as it was after K stages [default: all that are done]
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    pub(crate) stages: Option<usize>,
    /// Keep the fixed noise below stage K, and so the layout of the training picture
    #[arg(long, value_name = "K", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) start_stage: usize,
    /// Make opposite edges meet, so that copies can be laid side by side: x (left and right), y (top and bottom) or xy
    #[arg(long, value_enum, value_name = "AXES")]
    pub(crate) tile: Option<TileArg>,
    /// Write what the fixed noise gives (the training picture again) instead of samples
    #[arg(long)]
    pub(crate) reconstruction: bool,
    /// Where to write [default: RUN/samples/seed-S, numbered where that is taken]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = FormatArg::Png)]
    pub(crate) format: FormatArg,
    /// Print a JSON line a file on standard output
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// 8 bits a channel
    Png,
    /// The tensor `image`, [1, C, H, W] in [-1, 1]
    Safetensors,
}

impl FormatArg {
    pub(crate) fn into_format(self) -> Format {
        match self {
            FormatArg::Png => Format::Png,
            FormatArg::Safetensors => Format::Safetensors,
        }
    }
}

/// Along which axes samples can be laid side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TileArg {
    /// Left and right
    X,
    /// Above and below
    Y,
    /// Both
    Xy,
}

impl TileArg {
    pub(crate) fn wrap(self) -> Wrap {
        Wrap { rows: self != TileArg::X, columns: self != TileArg::Y }
    }
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The run directory
    pub(crate) run: PathBuf,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The run directory
    #[arg(required_unless_present = "samples")]
    pub(crate) run: Option<PathBuf>,
    /// How many samples to draw, 1 to 10000
    #[arg(short, long, default_value_t = 50, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) n: u32,
    /// Seed of the noise
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    pub(crate) seed: u64,
    /// A folder of samples that any program made (contact sheets in it are skipped)
    #[arg(long, value_name = "DIR", requires = "real", conflicts_with = "run")]
    pub(crate) samples: Option<PathBuf>,
    /// The picture that they are samples of
    #[arg(long, value_name = "FILE", requires = "samples", conflicts_with = "run")]
    pub(crate) real: Option<PathBuf>,
    /// Add SIFID, with the weights of torchvision's inception_v3 as a safetensors file
    #[arg(long, value_name = "FILE")]
    pub(crate) inception: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run directory
    pub(crate) run: PathBuf,
    /// How many samples to draw and score, 1 to 10000
    #[arg(short, long, default_value_t = 16, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) n: u32,
    /// Seed of the noise [default: the run's plus 1, which gives others than the sheets show]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
    /// The file to write [default: RUN/report.html]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print a JSON line on standard output
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The picture
    pub(crate) image: PathBuf,
    /// Timed iterations a stage, 1 to 10000; two more warm up
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) iters: u32,
    /// Longer side of the finest stage
    #[arg(long, default_value_t = 250)]
    pub(crate) max_size: usize,
    /// Stages
    #[arg(long, default_value_t = 6)]
    pub(crate) stages: usize,
    /// Time only this stage, counted from 0
    #[arg(long, value_name = "K")]
    pub(crate) stage: Option<usize>,
    /// Add the time that the convolutions' operations (as Winograd counts them) take at this machine's measured peak
    #[arg(long)]
    pub(crate) floor: bool,
    /// How exactly a GPU multiplies: tf32 or f32
    #[arg(long, value_name = "NAME", default_value = "tf32", value_parser = precision)]
    pub(crate) precision: Precision,
    /// What each kernel of an iteration takes on a GPU instead
    #[arg(long, conflicts_with = "floor")]
    pub(crate) profile: bool,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct GoldenArgs {
    /// A folder of cases
    #[arg(long, default_value = "assets/golden")]
    pub(crate) cases: PathBuf,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

fn precision(text: &str) -> Result<Precision, String> {
    Precision::from_name(text).ok_or_else(|| "give tf32 or f32".into())
}

pub(crate) fn size(text: &str) -> Result<Target, String> {
    let (h, w) = pair(text).ok_or("give height and width like 250x500")?;
    Ok(Target::Size(h, w))
}

pub(crate) fn scale(text: &str) -> Result<Target, String> {
    let (h, w) = pair(text).ok_or("give factors on height and width like 1x2 or 1.5x0.8")?;
    Ok(Target::Scale(h, w))
}

fn pair<T: std::str::FromStr>(text: &str) -> Option<(T, T)> {
    let (a, b) = text.split_once(['x', 'X'])?;
    Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
}
