//! `lab eval-tasks`: every task on pictures with known truth, beside the bars; a table for the docs.

use crate::output::{line, say};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use lab::trial::{self, Trial, trained};
use pyramid::{Picture, Target, imresize};
use std::path::{Path, PathBuf};
use tasks::Task;

#[derive(Debug, Args)]
pub(crate) struct EvalTasksArgs {
    /// The pictures
    #[arg(required = true)]
    pictures: Vec<PathBuf>,
    /// Only these tasks
    #[arg(long, value_enum, value_name = "TASK", value_delimiter = ',')]
    only: Vec<Tried>,
    /// Longer side of the pictures that are made from them
    #[arg(long, value_name = "PX", default_value_t = 80, value_parser = clap::value_parser!(u32).range(32..=1024))]
    size: u32,
    /// Iterations of a stage
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    niter: u32,
    /// Keep runs and results in this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
    /// Worker threads, 1 to 256; the results are the same [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// What can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tried {
    Retarget,
    Tiling,
    Animation,
    Harmonization,
    Editing,
    Fidelity,
    Perceptual,
    Dehazing,
}

/// Tries what is asked for, prints the figures, and says whether all of them clear their bars.
pub(crate) fn run(args: &EvalTasksArgs) -> Result<bool> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    let temporary = std::env::temp_dir().join(format!("lab-eval-tasks-{}", std::process::id()));
    let folder = args.keep.as_ref().unwrap_or(&temporary);
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let result = all(args, folder);
    if args.keep.is_none() {
        // A temporary directory that cannot be removed does no harm.
        let _ = std::fs::remove_dir_all(&temporary);
    }
    let trials = result?;
    if !args.json {
        for text in table(&trials) {
            line(&text);
        }
    }
    let missed = trials.iter().filter(|t| t.bar.is_some_and(|bar| !bar.clears(t.value))).count();
    say(&format!("{} figures, {missed} of them miss their bar", trials.len()));
    Ok(missed == 0)
}

fn all(args: &EvalTasksArgs, folder: &Path) -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    let tell = |trial: &Trial| {
        if args.json {
            line(&json(trial).to_string());
        }
    };
    for tried in <Tried as ValueEnum>::value_variants() {
        if !args.only.is_empty() && !args.only.contains(tried) {
            continue;
        }
        let before = trials.len();
        for path in &args.pictures {
            let case = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            // Enlarging needs something to reduce, and haze a scene.
            let larger = match tried {
                Tried::Fidelity | Tried::Perceptual | Tried::Dehazing => 2,
                _ => 1,
            };
            let picture = reduced(&pyramid::load(path)?, larger * args.size as usize)?;
            say(&format!("{tried:?}: {case}"));
            let found = one(*tried, &picture, &case, folder, args)?;
            trials.extend(found.into_iter().inspect(tell));
        }
        let means = trial::means(&trials[before..]);
        trials.extend(means.into_iter().inspect(tell));
    }
    Ok(trials)
}

fn one(
    tried: Tried,
    picture: &Picture,
    case: &str,
    folder: &Path,
    args: &EvalTasksArgs,
) -> Result<Vec<Trial>> {
    let run = |task: Task| {
        let dir = folder.join(format!("{}-{case}", task.name()));
        if dir.exists() {
            let run = train::Run::open(&dir)?;
            if run.is_finished() {
                return Ok(run);
            }
            bail!("{}: an unfinished run is in the way; remove it", dir.display());
        }
        trained(task, picture, &dir, |config| {
            config.max_size = args.size as usize;
            config.niter = args.niter as usize;
        })
    };
    Ok(match tried {
        Tried::Retarget => trial::retarget(&run(Task::Retarget)?, case)?,
        Tried::Tiling => trial::tiling(&run(Task::Generation)?, case)?,
        Tried::Animation => trial::animation(&run(Task::Animation)?, case)?,
        Tried::Harmonization => trial::harmonization(&run(Task::Harmonization)?, picture, case)?,
        Tried::Editing => trial::editing(&run(Task::Editing)?, picture, case)?,
        Tried::Fidelity => trial::fidelity(picture, &folder.join(format!("fidelity-{case}")), case)?,
        Tried::Perceptual => trial::perceptual(picture, &folder.join(format!("perceptual-{case}")), case)?,
        Tried::Dehazing => trial::dehazing(picture, case)?,
    })
}

/// `picture` with a longer side of at most `size`.
fn reduced(picture: &Picture, size: usize) -> Result<Picture> {
    let (h, w) = picture.size();
    if h.max(w) <= size {
        return Ok(picture.clone());
    }
    Ok(Picture::from_pixels(imresize(picture.pixels(), Target::Scale(size as f64 / h.max(w) as f64))?)?)
}

fn json(trial: &Trial) -> serde_json::Value {
    serde_json::json!({
        "task": trial.task, "case": trial.case, "figure": trial.figure, "value": trial.value,
        "bar": trial.bar.map(|bar| bar.to_string()), "clears": trial.bar.map(|bar| bar.clears(trial.value)),
    })
}

/// The rows of a Markdown table.
fn table(trials: &[Trial]) -> Vec<String> {
    let mut rows =
        vec!["| task | picture | figure | value | bar |".to_string(), "|---|---|---|---|---|".into()];
    for t in trials {
        let bar = t.bar.map_or(String::new(), |bar| {
            format!("{bar}{}", if bar.clears(t.value) { "" } else { " **missed**" })
        });
        rows.push(format!("| {} | {} | {} | {:.4} | {bar} |", t.task, t.case, t.figure, t.value));
    }
    rows
}
