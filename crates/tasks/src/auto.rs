//! The preset `auto`: sizes, stages and iterations that a picture and a time budget allow.

use crate::Result;
use candle_core::Device;
use limits::{OutOfRange, above_zero};
use pyramid::Picture;
use train::{TrainConfig, iteration_cost, median, time_stage};

/// Longest side that is tried: beyond it the networks see too little of the picture at the coarsest stage's
/// size.
const LARGEST: usize = 500;
/// Shortest longer side that is tried, where the picture allows it.
const SMALLEST: usize = 60;
/// Step between the sizes that are tried.
const STEP: usize = 10;
/// Smallest number of iterations of a stage that gives more than blurs.
const FEWEST: usize = 200;
/// Share of the time that is planned for training. The rest is for sheets, the report and slow moments of the
/// machine.
const PLANNED: f64 = 0.85;

/// `base` with `max_size`, `train_stages` and `niter` such that training on `picture` takes about `minutes`
/// on this machine: a few iterations are timed. The more time, the larger the finest stage and the longer the
/// stages, on a line from the preset `quick` through `paper` and beyond.
///
/// # Errors
/// [`crate::Error::Range`] where `minutes` is no time at all, with the least that works;
/// [`crate::Error::Picture`] for a picture that cannot be trained on.
pub fn fit_to_time(
    base: &TrainConfig,
    picture: &Picture,
    minutes: f64,
    device: &Device,
) -> Result<TrainConfig> {
    above_zero("minutes", minutes, 100_000.0)?;
    let (h, w) = picture.size();
    let largest = h.max(w).min(LARGEST);
    let candidates = || (SMALLEST.min(largest)..=largest).rev().filter(|s| *s == largest || s % STEP == 0);
    let planned: Vec<(TrainConfig, Vec<(usize, usize)>)> =
        candidates().filter_map(|size| plan(base, picture, size)).collect();
    let Some((smallest, _)) = planned.last() else {
        // Not even the smallest pyramid works; its own error says why.
        let config = scaled(base, largest);
        config.schedule().sizes(picture.size(), config.net(picture.channels()).receptive_field())?;
        return Ok(config);
    };
    let seconds = PLANNED * 60.0 * minutes;
    let rate = rate(smallest, picture, device)?;
    let fits = planned.iter().find(|(config, sizes)| rate * cost(config, sizes) <= seconds);
    if let Some((config, _)) = fits {
        return Ok(config.clone());
    }
    // There is too little time for the smallest size, so it gets fewer iterations.
    let (config, sizes) = &planned[planned.len() - 1];
    let niter = (config.niter as f64 * seconds / (rate * cost(config, sizes))) as usize;
    if niter < FEWEST {
        let least = minutes * FEWEST as f64 / niter.max(1) as f64;
        let expected = format!("at least about {:.1} for this picture on this machine", least.max(0.1));
        return Err(OutOfRange::new("minutes", minutes, expected).into());
    }
    Ok(TrainConfig { niter, ..config.clone() })
}

/// The settings for a finest stage of `size`, with the stages' sizes, if that works for the picture.
fn plan(base: &TrainConfig, picture: &Picture, size: usize) -> Option<(TrainConfig, Vec<(usize, usize)>)> {
    let config = scaled(base, size);
    let smallest = config.net(picture.channels()).receptive_field();
    let sizes = config.schedule().sizes(picture.size(), smallest).ok()?;
    Some((config, sizes))
}

/// Stages and iterations for a finest stage of `size`: 5 of 850 at 100 pixels, 6 of 2000 at 250, as the
/// presets have it.
fn scaled(base: &TrainConfig, size: usize) -> TrainConfig {
    let train_stages = match size {
        0..=80 => 4,
        81..=130 => 5,
        131..=300 => 6,
        301..=400 => 7,
        _ => 8,
    };
    let niter = 850.0 * (size as f64 / 100.0).powf((2000f64 / 850.0).ln() / 2.5f64.ln());
    let niter = (niter.min(2000.0) / 50.0).round() as usize * 50;
    TrainConfig { max_size: size, train_stages, niter, ..base.clone() }
}

/// The cost of a whole run, in the units of [`iteration_cost`].
fn cost(config: &TrainConfig, sizes: &[(usize, usize)]) -> f64 {
    let stages = (0..sizes.len()).map(|stage| iteration_cost(config, &sizes[..=stage]));
    stages.sum::<f64>() * config.niter as f64
}

/// Seconds per unit of cost on this machine, from a few iterations of the last stage.
fn rate(config: &TrainConfig, picture: &Picture, device: &Device) -> Result<f64> {
    let smallest = config.net(picture.channels()).receptive_field();
    let pictures = pyramid::pyramid(picture, &config.schedule(), smallest)?;
    let sizes: Vec<_> = pictures.iter().map(Picture::size).collect();
    let times = time_stage(config, &pictures, pictures.len() - 1, 2, 9, device)?;
    Ok(median(times).as_secs_f64() / iteration_cost(config, &sizes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn picture(h: usize, w: usize) -> Result<Picture> {
        let pixel = |(y, x, c): (usize, usize, usize)| ((y * 31 + x * 17 + c * 7) % 64) as f32 / 32.0 - 1.0;
        Ok(Picture::from_pixels(Array3::from_shape_fn((h, w, 3), pixel))?)
    }

    #[test]
    fn more_time_gives_larger_pictures_and_longer_stages() -> Result<()> {
        let base = TrainConfig { filters: 8, layers: 2, ..TrainConfig::default() };
        let picture = picture(240, 320)?;
        let fit = |minutes| fit_to_time(&base, &picture, minutes, &Device::Cpu);
        let (little, much) = (fit(0.5)?, fit(100_000.0)?);
        assert!(little.max_size < much.max_size && little.niter < much.niter);
        assert_eq!((much.max_size, much.train_stages, much.niter), (320, 7, 2000));
        assert_eq!(little.filters, 8);
        Ok(())
    }

    #[test]
    fn the_line_goes_through_quick_and_paper() {
        let at = |size| {
            let config = scaled(&TrainConfig::default(), size);
            (config.train_stages, config.niter)
        };
        assert_eq!(at(100), (5, 850));
        assert_eq!(at(250), (6, 2000));
    }

    #[test]
    fn no_time_is_refused_and_the_least_is_named() -> Result<()> {
        let base = TrainConfig::default();
        let picture = picture(64, 64)?;
        for minutes in [0.0, -1.0, f64::NAN, 1e9] {
            assert!(fit_to_time(&base, &picture, minutes, &Device::Cpu).is_err());
        }
        let error = fit_to_time(&base, &picture, 1e-4, &Device::Cpu).expect_err("refused").to_string();
        assert!(error.contains("minutes") && error.contains("at least"), "{error}");
        Ok(())
    }
}
