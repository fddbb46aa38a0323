//! `consingan bench`: milliseconds per training iteration, stage by stage.

use crate::args::BenchArgs;
use crate::output::line;
use anyhow::Result;
use candle_core::Device;
use std::process::ExitCode;
use train::{TrainConfig, median, time_stage};

pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode> {
    args.threads.apply();
    let config = TrainConfig { max_size: args.max_size, train_stages: args.stages, ..TrainConfig::default() };
    config.check()?;
    let picture = pyramid::load(&args.image)?;
    let smallest = config.net(picture.channels()).receptive_field();
    let pictures = pyramid::pyramid(&picture, &config.schedule(), smallest)?;
    for stage in 0..pictures.len() {
        let times = time_stage(&config, &pictures, stage, 2, args.iters as usize, &Device::Cpu)?;
        let (h, w) = pictures[stage].size();
        let ms = (median(times).as_secs_f64() * 1e5).round() / 100.0;
        line(&serde_json::to_string(&Line { stage, size: [h, w], ms_per_iter: ms })?);
    }
    Ok(ExitCode::SUCCESS)
}

/// A line of the output.
#[derive(serde::Serialize)]
struct Line {
    stage: usize,
    size: [usize; 2],
    ms_per_iter: f64,
}
