//! The workspace's own commands. Small and fast to build: it spawns cargo and links no crate of the
//! workspace.

mod bench;
mod eval_tasks;
mod programs;
mod sheets;

use anyhow::{Result, bail};
use programs::{Program, cargo, picture, report, root, run_program};
use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  train [IMAGE] [FLAGS]     build for this machine and train (no argument: on a bundled picture)
  test [FLAGS]              run every test
  golden [--cases DIR] [--device cuda]
                            run the reference's cases
  bench [--only steps|kernels|quality] [--niter N] [--table]
                            measure everything (or a part): target/bench/*.json and docs/BENCHMARKS.md
  bench IMAGE [FLAGS]       time the training step on a picture
  bench --vs-torch [IMAGE] [--iters N] [--max-size M] [--stages K] [--threads N] [--python PATH] [--device cuda]
                            beside PyTorch's step and, on the CPU, the floor that the machine sets
  eval-tasks [PICTURES] [--only TASK]
                            try every task on pictures with known truth (no argument: docs/TASKS.md)
  sheets [--device cuda] [--jobs N] [--only NAME]
                            make the sample sheets that the documents show (docs/images/guide)
  check                     formatting, lints and documentation
  ci                        check, then test
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            report(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<OsString> = args.collect();
    match command.to_str() {
        Some("train") => run_program(Program::Consingan, "train", with_picture(rest)),
        Some("bench") => bench::run(rest),
        Some("eval-tasks") => eval_tasks::run(rest),
        Some("sheets") => sheets::run(rest),
        Some("golden") => {
            let cases = root().join("assets/golden").into_os_string();
            let named = rest.iter().any(|a| a.to_string_lossy().starts_with("--cases"));
            let args = if named { rest } else { [vec!["--cases".into(), cases], rest].concat() };
            run_program(Program::Lab, "golden", args)
        }
        Some("test") => cargo(["test", "--workspace", "--release"], &rest),
        Some("check") => check(),
        Some("ci") => {
            let code = check()?;
            if code != ExitCode::SUCCESS {
                Ok(code)
            } else {
                cargo(["test", "--workspace", "--release"], &rest)
            }
        }
        Some("" | "help" | "--help" | "-h") => {
            report(HELP);
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("there is no command {}\n\n{HELP}", command.to_string_lossy()),
    }
}

/// Where nothing is named, the bundled picture.
fn with_picture(args: Vec<OsString>) -> Vec<OsString> {
    if args.is_empty() { vec![picture()] } else { args }
}

/// rustfmt, clippy and rustdoc, each without a warning.
fn check() -> Result<ExitCode> {
    let deny = [OsString::from("--"), "-D".into(), "warnings".into()];
    for (step, rest) in [
        (vec!["fmt", "--all", "--check"], &[][..]),
        (vec!["clippy", "--workspace", "--all-targets", "--release"], &deny[..]),
        (vec!["doc", "--workspace", "--no-deps", "--release"], &[][..]),
    ] {
        let code = cargo(step, rest)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}
