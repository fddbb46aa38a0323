//! `cargo xtask bench`: everything that is measured, written to `target/bench`, and the table in the docs.

mod kernels;
mod quality;
mod steps;
mod table;
mod vs_torch;

use crate::programs::{Program, report, root, run_program, target};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

const USAGE: &str = "bench knows --only steps|kernels|quality, --niter N and --table, or a picture and the flags of `consingan bench`";

/// With a picture (or flags for one) a timing of its training step; alone, all benchmarks there are.
pub(crate) fn run(mut args: Vec<OsString>) -> Result<ExitCode> {
    if let Some(at) = args.iter().position(|arg| arg == "--vs-torch") {
        args.remove(at);
        return vs_torch::run(args);
    }
    let ours = |arg: &OsString| {
        ["--only", "--niter", "--table"].iter().any(|name| arg.to_string_lossy().starts_with(name))
    };
    match args.first() {
        Some(first) if !ours(first) => run_program(Program::Consingan, "bench", args),
        _ => all(&Options::parse(args)?),
    }
}

/// The benchmarks, each of which gives a list of measurements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Steps,
    Kernels,
    Quality,
}

impl Part {
    const ALL: [Part; 3] = [Part::Steps, Part::Kernels, Part::Quality];

    fn name(self) -> &'static str {
        match self {
            Part::Steps => "steps",
            Part::Kernels => "kernels",
            Part::Quality => "quality",
        }
    }

    fn measure(self, options: &Options) -> Result<Vec<Value>> {
        match self {
            Part::Steps => steps::measure(),
            Part::Kernels => kernels::measure(),
            Part::Quality => quality::measure(options.niter.as_deref()),
        }
    }
}

fn all(options: &Options) -> Result<ExitCode> {
    let folder = target().join("bench");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for part in Part::ALL {
        if options.parts.contains(&part) {
            report(&format!("bench: {}", part.name()));
            let results = part.measure(options)?;
            let value = json!({"machine": machine(), "commit": commit(), "results": results});
            write(&folder.join(format!("{}.json", part.name())), &format!("{value:#}\n"))?;
        }
    }
    let parts = Part::ALL.iter().filter_map(|part| {
        let text = std::fs::read_to_string(folder.join(format!("{}.json", part.name()))).ok()?;
        Some((part.name(), serde_json::from_str(&text).ok()?))
    });
    let docs = root().join("docs/BENCHMARKS.md");
    write(&docs, &table::markdown(&parts.collect::<Vec<_>>()))?;
    report(&format!("bench: {} and {}", folder.display(), docs.display()));
    Ok(ExitCode::SUCCESS)
}

struct Options {
    parts: Vec<Part>,
    /// Iterations of the quality runs' stages, where not the preset's.
    niter: Option<String>,
}

impl Options {
    fn parse(args: Vec<OsString>) -> Result<Self> {
        let mut options = Options { parts: Part::ALL.to_vec(), niter: None };
        let mut args = args.into_iter().map(|arg| arg.to_string_lossy().into_owned());
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name.to_string(), Some(value.to_string())),
                None => (arg, None),
            };
            match name.as_str() {
                "--table" => options.parts.clear(),
                "--only" => {
                    let wanted = value.or_else(|| args.next()).context(USAGE)?;
                    let found = Part::ALL.into_iter().find(|part| part.name() == wanted);
                    options.parts =
                        vec![found.with_context(|| format!("no benchmark is called {wanted}; {USAGE}"))?];
                }
                "--niter" => options.niter = Some(value.or_else(|| args.next()).context(USAGE)?),
                _ => bail!("{USAGE}; not {name}"),
            }
        }
        Ok(options)
    }
}

/// What the figures were measured on.
pub(crate) fn machine() -> Value {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = field("model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    json!({"cpu": cpu, "cores": cores, "os": std::env::consts::OS})
}

/// The commit that is checked out, with a mark where files differ from it.
pub(crate) fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).current_dir(root()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|s| !s.is_empty());
    let name = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".into());
    if changed { format!("{name}, changed") } else { name }
}

/// Runs a command that prints one JSON value.
fn measure(command: &mut Command) -> Result<Value> {
    let name = command.get_program().to_owned();
    serde_json::from_str(&output(command)?)
        .with_context(|| format!("{}: no line of a benchmark", name.display()))
}

/// Runs a command to its end and returns what it prints.
fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_owned();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| name.display().to_string())?;
    if !output.status.success() {
        bail!("{}: the benchmark failed", name.display());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

#[allow(clippy::print_stdout)] // the command's result
fn print(line: &str) {
    println!("{line}");
}

/// A bundled picture.
fn picture(name: &str) -> PathBuf {
    root().join("assets/images").join(name)
}
