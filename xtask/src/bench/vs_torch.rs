//! `cargo xtask bench --vs-torch`: how long the training step takes beside PyTorch's.

use super::{measure, print};
use crate::programs::{Program, built, picture, report, root};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

/// Iterations of a stage in the paper.
const NITER: f64 = 2000.0;

/// Times a stage of ours, then the same stage of PyTorch's, and so on: what else the machine does meets both.
pub(super) fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let options = Options::parse(args)?;
    let device = OsString::from(options.device.as_deref().unwrap_or("cpu"));
    let program = built(Program::Consingan, std::slice::from_ref(&device))?;
    let cpu = device == "cpu";
    let python = options.python().map_err(|without| report(&without)).ok();
    print(&row(["stage", "size", "ours ms", "torch ms", "ratio", "floor ms"]));
    let mut sizes = Vec::new();
    let mut run = Times { ours: 0.0, torch: python.as_ref().map(|_| 0.0), floor: cpu.then_some(0.0) };
    for stage in 0..options.stages {
        let flags = [("stage", stage), ("iters", options.iters), ("threads", options.threads)];
        let flags = flags.map(|(name, value)| format!("--{name}={value}"));
        let mut ours = Command::new(&program);
        ours.arg("bench").arg(&options.image).arg("--device").arg(&device).args(&flags);
        if cpu {
            ours.arg("--floor");
        }
        ours.arg(format!("--stages={}", options.stages)).arg(format!("--max-size={}", options.max_size));
        let line = measure(&mut ours)?;
        let size: [usize; 2] = serde_json::from_value(line["size"].clone()).context("size")?;
        sizes.push(format!("{}x{}", size[0], size[1]));

        let torch = |python: &OsString| {
            let mut twin = Command::new(python);
            twin.arg(root().join("assets/torch/consingan_twin.py")).arg("bench").args(&flags);
            twin.arg("--device").arg(&device);
            twin.arg(format!("--sizes={}", sizes.join(","))).env("PYTHONDONTWRITEBYTECODE", "1");
            number(&measure(&mut twin)?, "ms_per_iter")
        };
        let times = Times {
            ours: number(&line, "ms_per_iter")?,
            torch: python.as_ref().map(torch).transpose()?,
            floor: cpu.then(|| number(&line, "floor_ms")).transpose()?,
        };
        print(&times.row(&stage.to_string(), &sizes[stage]));
        run.add(&times, NITER / 6e4);
    }
    print(&run.row("run", "minutes"));
    report(&format!(
        "run: {NITER} iterations of each stage. floor: the operations of the step's convolutions, as Winograd's \
         F(4x4, 3x3) counts them, at this machine's measured peak"
    ));
    Ok(ExitCode::SUCCESS)
}

/// What a stage takes, or a run.
struct Times {
    ours: f64,
    torch: Option<f64>,
    floor: Option<f64>,
}

impl Times {
    fn add(&mut self, other: &Times, factor: f64) {
        self.ours += factor * other.ours;
        self.torch = self.torch.zip(other.torch).map(|(sum, torch)| sum + factor * torch);
        self.floor = self.floor.zip(other.floor).map(|(sum, floor)| sum + factor * floor);
    }

    fn row(&self, stage: &str, size: &str) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |v| format!("{v:.2}"));
        let ratio = self.torch.map(|torch| torch / self.ours);
        let numbers = [Some(self.ours), self.torch, ratio, self.floor].map(number);
        row([stage, size, &numbers[0], &numbers[1], &numbers[2], &numbers[3]])
    }
}

fn row([stage, size, ours, torch, ratio, floor]: [&str; 6]) -> String {
    format!("{stage:>5} {size:>9} {ours:>10} {torch:>10} {ratio:>8} {floor:>10}")
}

fn number(line: &Value, key: &str) -> Result<f64> {
    line[key].as_f64().with_context(|| format!("{key} in {line}"))
}

/// The comparison's flags.
struct Options {
    image: OsString,
    iters: usize,
    max_size: usize,
    stages: usize,
    threads: usize,
    python: Option<OsString>,
    device: Option<String>,
}

impl Options {
    fn parse(args: Vec<OsString>) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options = Options {
            image: picture(),
            iters: 5,
            max_size: 250,
            stages: 6,
            threads,
            python: None,
            device: None,
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let text = arg.to_string_lossy().into_owned();
            if !text.starts_with('-') {
                options.image = arg;
                continue;
            }
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.into())),
                None => (text.as_str(), args.next()),
            };
            let value = value.with_context(|| format!("{name} needs a value"))?;
            let number = || {
                value.to_str().and_then(|v| v.parse().ok()).with_context(|| format!("{name} needs a number"))
            };
            match name {
                "--iters" => options.iters = number()?,
                "--max-size" => options.max_size = number()?,
                "--stages" => options.stages = number()?,
                "--threads" => options.threads = number()?,
                "--python" => options.python = Some(value),
                "--device" => options.device = Some(value.to_string_lossy().into_owned()),
                _ => bail!(
                    "--vs-torch knows --iters, --max-size, --stages, --threads, --python and --device, not {name}"
                ),
            }
        }
        Ok(options)
    }

    /// The first Python that has torch: the one named, else $PYTHON, else that of the PATH. Where there is none, a line
    /// that says how to get one.
    fn python(&self) -> Result<OsString, String> {
        let usual =
            || std::env::var_os("PYTHON").into_iter().chain(["python3".into(), "python".into()]).collect();
        let candidates: Vec<OsString> = self.python.clone().map_or_else(usual, |named| vec![named]);
        let has_torch = |python: &&OsString| {
            let mut command = Command::new(python);
            command.args(["-c", "import torch"]).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        candidates.iter().find(has_torch).cloned().ok_or_else(|| {
            let tried: Vec<_> = candidates.iter().map(|c| c.display().to_string()).collect();
            format!(
                "no torch in {}; python3 -m venv .venv && .venv/bin/pip install torch numpy safetensors, then \
                 --python .venv/bin/python",
                tried.join(", ")
            )
        })
    }
}
