//! `consingan train --dry-run`: what a training would be.

use crate::output::{duration, line};
use anyhow::{Context, Result};
use candle_core::Device;
use pyramid::Picture;
use std::time::Instant;
use train::{TrainConfig, iteration_cost, time_stage};

/// Prints settings, the stages' sizes, and the time that training would take, from a few real iterations.
///
/// # Errors
/// For sizes that the picture cannot have, and where an iteration fails.
pub(super) fn dry_run(config: &TrainConfig, picture: &Picture, device: &Device, json: bool) -> Result<()> {
    let smallest = config.net(picture.channels()).receptive_field();
    let pictures = pyramid::pyramid(picture, &config.schedule(), smallest)?;
    let sizes: Vec<(usize, usize)> = pictures.iter().map(Picture::size).collect();
    let (mut rate, mut total, begun) = (0.0, 0.0, Instant::now());
    for stage in 0..sizes.len() {
        let cost = iteration_cost(config, &sizes[..=stage]);
        // Stages that would take long are estimated from the one before.
        if begun.elapsed().as_secs_f64() < 4.0 || rate == 0.0 {
            let times = time_stage(config, &pictures, stage, 1, 2, device)?;
            rate = times.iter().map(|t| t.as_secs_f64()).fold(f64::INFINITY, f64::min) / cost;
        }
        total += rate * cost * config.niter as f64;
    }
    if json {
        line(&serde_json::json!({"config": config, "sizes": sizes, "seconds": total.round()}).to_string());
        return Ok(());
    }
    line(&toml::to_string(config).context("settings")?);
    for (k, (h, w)) in sizes.iter().enumerate() {
        line(&format!("stage {k}: {h}x{w}"));
    }
    line(&format!("about {} on this machine with {} threads", duration(total), kernels::threads()));
    Ok(())
}
