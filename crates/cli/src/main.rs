//! `consingan`: train a generative model on one picture, and make new pictures with it.

mod advice;
mod after_training;
mod arguments;
mod blank;
mod commands;
mod config;
mod device;
mod errors;
mod logging;
mod output;
mod pictures;
mod places;
mod progress;
mod refusal;
mod settings;
mod signals;
mod sizes;
mod status;

use advice::Flags;
use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use commands::animate::{self, AnimateArgs};
use commands::bench::{self, BenchArgs};
use commands::completions::{self, CompletionsArgs};
use commands::dehaze::{self, DehazeArgs};
use commands::evaluate::{self, EvaluateArgs};
use commands::import::{self, ImportArgs};
use commands::inspect::{self, InspectArgs};
use commands::paint::{self, PaintArgs};
use commands::report::{self, ReportArgs};
use commands::retouch::{self, RetouchArgs};
use commands::sample::{self, SampleArgs};
use commands::train::{self, TrainArgs};
use commands::upscale::{self, UpscaleArgs};
use consingan::Task;
use std::process::ExitCode;

/// Feature maps of 10 MiB and more are made and dropped thousands of times; the system's allocator hands such
/// pages back each time and pays for fresh ones.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The end of the help.
const STATUSES: &str = "Exit status: 0 done, 1 a fault of this program, 2 wrong input, 3 training collapsed, 130 stopped, \
                        141 output not read to its end; see \"Exit statuses\" in docs/usage.md.";

/// One picture in, a generative model of it out.
#[derive(Debug, Parser)]
#[command(name = "consingan", version, about, max_term_width = 110, after_help = STATUSES)]
struct Cli {
    /// Print more (twice: everything); RUST_LOG selects in detail
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train on a picture, or resume a run
    Train(Box<TrainArgs>),
    /// Make new pictures with a run
    Sample(SampleArgs),
    /// Animate the picture of a run
    Animate(AnimateArgs),
    /// Make a rough painting into a picture in the style of a run
    Paint(PaintArgs),
    /// Remove haze from a picture
    Dehaze(DehazeArgs),
    /// Score a run's samples, or a folder of pictures, against the picture
    Evaluate(EvaluateArgs),
    /// Write a report of a run as one HTML file
    Report(ReportArgs),
    /// Give what was pasted into a picture the picture's colours, with a run of the task harmonization
    Harmonize(RetouchArgs),
    /// Join parts of a picture that were moved to their new surroundings, with a run of the task editing
    Edit(RetouchArgs),
    /// Make a run of a model that the official program trained
    Import(ImportArgs),
    /// Enlarge a picture, trained on itself
    Upscale(UpscaleArgs),
    /// Show the settings and the progress of a run
    Inspect(InspectArgs),
    /// Time the training step stage by stage, with the paper's settings
    Bench(BenchArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

fn main() -> ExitCode {
    let (cli, flags, note) = match parse() {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    logging::start_logging(cli.verbose, cli.quiet);
    if let Some(note) = note {
        tracing::info!("{note}");
    }
    // A bug of this program must not look like an input error or like a crash of the machine.
    match std::panic::catch_unwind(|| run(&cli.command)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) if was_stopped(&error) => {
            tracing::warn!("stopped; nothing was written");
            status::stopped()
        }
        Ok(Err(error)) => errors::report(&error, &flags),
        Err(_) => ExitCode::from(status::FAULT),
    }
}

/// Whether a command ended because a signal stopped its work. Commands whose work goes on later say so
/// themselves.
fn was_stopped(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(consingan::Error::is_stopped)
}

/// The command line, the flags that its command takes, and a note on flags of the official programs. Where it is wrong,
/// that is told, and the exit status returned.
fn parse() -> Result<(Cli, Flags, Option<String>), ExitCode> {
    let mut command = Cli::command();
    let understood = advice::understand(std::env::args_os().collect(), &command)
        .map_err(|error| errors::report(&error, &Flags::default()))?;
    let name = understood.command;
    let parsed = command
        .try_get_matches_from_mut(understood.args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    let flags = name.and_then(|name| command.find_subcommand(name)).map(Flags::of).unwrap_or_default();
    let cli = parsed.map_err(|error| errors::usage(&error, &flags))?;
    Ok((cli, flags, understood.note))
}

fn run(command: &Command) -> Result<ExitCode> {
    kernels::keep_freed_memory();
    kernels::cpu_path()?;
    match command {
        Command::Train(args) => train::run(args),
        Command::Sample(args) => sample::run(args),
        Command::Animate(args) => animate::run(args),
        Command::Paint(args) => paint::run(args),
        Command::Dehaze(args) => dehaze::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Report(args) => report::run(args),
        Command::Harmonize(args) => retouch::run(args, Task::Harmonization),
        Command::Edit(args) => retouch::run(args, Task::Editing),
        Command::Import(args) => import::run(args),
        Command::Upscale(args) => upscale::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Completions(args) => completions::run(args, &mut Cli::command()),
    }
}
