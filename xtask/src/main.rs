//! The workspace's own commands. Small and fast to build: it spawns cargo and links no crate of the workspace.

mod bench;
mod eval_tasks;

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::LazyLock;

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
  check                     formatting, lints and documentation
  ci                        check, then test
";

/// Trained on where no picture is named.
const PICTURE: &str = "assets/images/summer-palace.jpg";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            report(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

#[allow(clippy::print_stderr)] // the one place that tells people something
fn report(text: &str) {
    eprintln!("{text}");
}

fn run() -> Result<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<OsString> = args.collect();
    match command.to_str() {
        Some("train") => consingan("train", with_picture(rest)),
        Some("bench") => bench::run(rest),
        Some("eval-tasks") => eval_tasks::run(rest),
        Some("golden") => {
            let cases = root().join("assets/golden").into_os_string();
            let named = rest.iter().any(|a| a.to_string_lossy().starts_with("--cases"));
            consingan("golden", if named { rest } else { [vec!["--cases".into(), cases], rest].concat() })
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
    if args.is_empty() { vec![root().join(PICTURE).into_os_string()] } else { args }
}

/// Builds the program for this machine and runs it in the caller's folder, so that paths mean what they say.
fn consingan(command: &str, args: Vec<OsString>) -> Result<ExitCode> {
    let program = built(&args)?;
    status(Command::new(&program).arg(command).args(args)).with_context(|| program.display().to_string())
}

/// Builds the program, with CUDA where `args` name a GPU, and says where it is.
fn built(args: &[OsString]) -> Result<PathBuf> {
    let build = ["build", "--release", "--package", "cli"];
    let cuda = ["--features".into(), "cuda".into()];
    let wanted =
        args.iter().any(|arg| arg.to_string_lossy().trim_start_matches("--device=").starts_with("cuda"));
    if cargo(build, if wanted { &cuda } else { &[] })? != ExitCode::SUCCESS {
        bail!("the build failed");
    }
    Ok(target().join("release").join(format!("consingan{}", std::env::consts::EXE_SUFFIX)))
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
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

fn cargo(args: impl IntoIterator<Item = &'static str>, rest: &[OsString]) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).args(rest).current_dir(root()).env("RUSTDOCFLAGS", "-D warnings");
    status(&mut command).context("cargo")
}

/// Runs to the end and hands the exit status on. Ctrl-C reaches the child as well, which saves and says so.
fn status(command: &mut Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)))
}

/// The workspace, as cargo says when it runs this: checkouts may share a target folder, and so this program.
fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let built = || env!("CARGO_MANIFEST_DIR").into();
        let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(built));
        here.parent().map_or(here.clone(), Path::to_path_buf)
    });
    &ROOT
}
