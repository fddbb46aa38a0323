//! `consingan train --dry-run`: what a training would be.

use crate::output::{duration, json_line, line, lines};
use crate::sizes::{needs, too_few_stages};
use anyhow::{Context, Result};
use consingan::{Device, Estimate, Picture, TrainConfig, estimate, threads};

/// Prints settings, the stages' sizes, and the time that training would take, from a few real iterations.
///
/// # Errors
/// For sizes that the picture cannot have, and where an iteration fails.
pub(super) fn dry_run(config: &TrainConfig, picture: &Picture, device: &Device, json: bool) -> Result<()> {
    let Estimate { sizes, seconds } = estimate(picture, config, device)?;
    if json {
        return Ok(json_line(&serde_json::json!({
            "config": config,
            "sizes": sizes,
            "seconds": seconds.round(),
            "memory": sizes.last().map(|&last| consingan::step_memory(config, last).round()),
            "advice": too_few_stages(config, picture.size()),
        }))?);
    }
    lines(&toml::to_string(config).context("settings")?)?;
    line("")?;
    for (k, (h, w)) in sizes.iter().enumerate() {
        line(&format!("stage {k}: {h}x{w}"))?;
    }
    line(&format!("about {} on this machine with {} threads", duration(seconds), threads()))?;
    for told in needs(config, picture.size(), &sizes, seconds) {
        line(&told)?;
    }
    if let Some(told) = too_few_stages(config, picture.size()) {
        line(&told)?;
    }
    Ok(())
}
