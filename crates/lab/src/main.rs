//! `lab`: the program of the developers, which users do not get.

mod device;
mod eval_tasks;
mod golden;
mod output;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Memory that is dropped is kept and used again, as in `consingan`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Golden cases, and trials of every task on pictures with known truth.
#[derive(Debug, Parser)]
#[command(name = "lab", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the reference's cases through the crates
    Golden(golden::GoldenArgs),
    /// Try every task on pictures with known truth
    EvalTasks(eval_tasks::EvalTasksArgs),
}

/// Exit status 0: all is as it should be. 1: a tensor or a figure is not. 2: something is wrong with what was
/// given.
fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            output::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Whether everything was as it should be.
fn run(cli: Cli) -> Result<bool> {
    kernels::keep_freed_memory();
    kernels::cpu_path()?;
    match cli.command {
        Command::Golden(args) => golden::run(&args),
        Command::EvalTasks(args) => eval_tasks::run(&args),
    }
}
