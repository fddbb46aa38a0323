//! `cargo xtask eval-tasks`: every task on the bundled pictures, and the page of the docs that is made from
//! it.

use crate::bench::{commit, machine};
use crate::programs::{Program, built, report, root, run_program};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

const HEAD: &str = "\
# How good the tasks are

Made by `cargo xtask eval-tasks`; do not edit. Each task is tried on small versions of the bundled pictures, changed so
that the truth is known. The pages in [tasks](tasks) explain the figures; *bar* is what a figure should reach. With
pictures as arguments the command tries those instead and prints the table; `--only TASK` tries one task.
";

/// With arguments they go to the program `lab`; without, all tasks are tried and the docs are written.
/// `--page FILES` writes them from what `lab eval-tasks --json` printed before, a task at a time for example.
pub(crate) fn run(args: Vec<OsString>) -> Result<ExitCode> {
    if let Some(("--page", files)) = args.split_first().and_then(|(a, rest)| Some((a.to_str()?, rest))) {
        let lines: Result<Vec<String>> = files
            .iter()
            .map(|file| std::fs::read_to_string(file).with_context(|| file.display().to_string()))
            .collect();
        write(&lines?.concat())?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.is_empty() {
        let named = args.iter().any(|arg| std::path::Path::new(arg).exists());
        return run_program(
            Program::Lab,
            "eval-tasks",
            if named { args } else { [args, pictures()].concat() },
        );
    }
    let mut command = Command::new(built(Program::Lab, &[])?);
    command.arg("eval-tasks").arg("--json").args(pictures()).stderr(Stdio::inherit());
    let output = command.output().context("lab eval-tasks")?;
    // Exit status 1 tells that a bar was missed; the table shows which.
    if !matches!(output.status.code(), Some(0 | 1)) {
        bail!("eval-tasks failed ({})", output.status);
    }
    write(&String::from_utf8_lossy(&output.stdout))?;
    Ok(ExitCode::from(u8::from(!output.status.success())))
}

/// Writes the page from what `lab eval-tasks --json` printed.
fn write(lines: &str) -> Result<()> {
    let rows: Vec<Value> =
        lines.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("lines of eval-tasks")?;
    let docs = root().join("docs/TASKS.md");
    std::fs::write(&docs, page(&rows)).with_context(|| docs.display().to_string())?;
    report(&format!("eval-tasks: {}", docs.display()));
    Ok(())
}

/// Tried where none are named: two scenes, a lone thing, a texture.
const PICTURES: [&str; 4] = ["coffee.jpg", "summer-palace.jpg", "rocket.jpg", "brick.png"];

fn pictures() -> Vec<OsString> {
    PICTURES.map(|name| root().join("assets/images").join(name).into_os_string()).to_vec()
}

fn page(rows: &[Value]) -> String {
    let machine = machine();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let mut page = format!(
        "{HEAD}\n{}, {} cores, {}; commit {}.\n",
        text(&machine["cpu"]),
        machine["cores"],
        text(&machine["os"]),
        commit()
    );
    let mut task = String::new();
    for row in rows {
        if text(&row["task"]) != task {
            task = text(&row["task"]);
            page += &format!("\n## {task}\n\n| picture | figure | value | bar |\n|---|---|---|---|\n");
        }
        let missed = if row["clears"] == false { ", **missed**" } else { "" };
        let value = row["value"].as_f64().unwrap_or(f64::NAN);
        page += &format!(
            "| {} | {} | {value:.4} | {}{missed} |\n",
            text(&row["case"]),
            text(&row["figure"]),
            text(&row["bar"])
        );
    }
    page
}
