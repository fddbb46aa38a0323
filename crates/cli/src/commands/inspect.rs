//! `consingan inspect`: what a run is and how far.

use crate::arguments::Json;
use crate::blank;
use crate::output::{duration, json_line, line};
use anyhow::Result;
use clap::Args;
use consingan::{Losses, Parameters};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The run directory
    run: PathBuf,
    #[command(flatten)]
    json: Json,
}

pub(crate) fn run(args: &InspectArgs) -> Result<ExitCode> {
    let run = consingan::open(&args.run)?;
    let info = run.info();
    let parameters = run.parameters()?;
    if args.json.wanted {
        let value = serde_json::json!({
            "run": run.dir().to_string_lossy(), "finished": run.is_finished(), "info": info, "config": run.config(),
            "blank": info.is_blank(), "advice": blank::advice(&run),
            "parameters": parameters.map(|p| serde_json::json!({"generator": p.generator, "discriminator": p.discriminator})),
        });
        json_line(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (h, w) = info.picture_size;
    line(&format!(
        "{}: {} of {} ({h}x{w}, {} channels), preset {}, seed {}",
        run.dir().display(),
        info.task.name(),
        info.picture,
        info.channels,
        info.preset.name(),
        info.seed
    ))?;
    let state = if run.is_finished() {
        "finished".into()
    } else {
        format!("{} of {} stages done", info.stages_done, info.sizes.len())
    };
    let elsewhere = info.trained_elsewhere();
    let time = if elsewhere {
        "trained by another program".into()
    } else {
        format!("{} in all", duration(info.seconds.iter().sum()))
    };
    line(&format!("{state}, {} iterations a stage, {time}", run.config().niter))?;
    if let Some(advice) = blank::advice(&run) {
        line(&advice)?;
    }
    if let Some(origin) = &info.origin {
        line(&format!("trains the last stage of {origin} again"))?;
    }
    if let Some(Parameters { generator, discriminator }) = parameters {
        line(&format!("{generator} parameters in the generator, {discriminator} in the discriminator"))?;
    }
    line(&format!("stage {:>9} {:>9} {:>12}  {}", "size", "noise", "time", Losses::NAMES.join("  ")))?;
    for (k, (h, w)) in info.sizes.iter().enumerate() {
        let size = format!("{h}x{w}");
        let Some(losses) = info.losses.get(k) else {
            line(&format!("{k:>5} {size:>9}"))?;
            continue;
        };
        if elsewhere {
            line(&format!("{k:>5} {size:>9} {:>9.4}", info.amps[k]))?;
            continue;
        }
        let losses: Vec<String> = losses
            .named()
            .iter()
            .map(|(name, loss)| format!("{loss:>width$.4}", width = name.len()))
            .collect();
        line(&format!(
            "{k:>5} {size:>9} {:>9.4} {:>12}  {}",
            info.amps[k],
            duration(info.seconds[k]),
            losses.join("  ")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
