//! `consingan`: train a generative model on one picture, and make new pictures with it.

mod animate;
mod args;
mod bench;
mod config;
mod dehaze;
mod device;
mod evaluate;
mod import;
mod inspect;
mod output;
mod paint;
mod places;
mod progress;
mod report;
mod retouch;
mod sample;
mod train_command;
mod upscale;

use anyhow::Result;
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

/// Feature maps of 10 MiB and more are made and dropped thousands of times; the system's allocator hands such pages back
/// each time and pays for fresh ones.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    output::start_logging(cli.verbose, cli.quiet);
    // A bug of ours must not look like an input error, nor like a crash of the machine.
    match std::panic::catch_unwind(|| run(cli)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => output::report(&error),
        Err(_) => ExitCode::from(1),
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    kernels::keep_freed_memory();
    kernels::cpu_path()?;
    match cli.command {
        Command::Train(args) => train_command::run(args),
        Command::Sample(args) => sample::run(args),
        Command::Animate(args) => animate::run(&args),
        Command::Paint(args) => paint::run(&args),
        Command::Dehaze(args) => dehaze::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Harmonize(args) => retouch::run(&args, tasks::Task::Harmonization),
        Command::Edit(args) => retouch::run(&args, tasks::Task::Editing),
        Command::Import(args) => import::run(&args),
        Command::Upscale(args) => upscale::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "consingan", &mut script);
            output::line(String::from_utf8_lossy(&script).trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}
