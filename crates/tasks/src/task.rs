//! The tasks: their settings, and the input of stage 0.

use crate::editing::{NOISE, Shuffled};
use crate::harmonization::Augmented;
use crate::paint::{self, Painted};
use crate::retouch::NaiveInput;
use crate::{Preset, Result, Task, preset};
use candle_core::{Device, Tensor};
use model::Border;
use pyramid::{Picture, Spacing};
use train::{FirstInput, Moment, Noise, RetouchConfig, Run, TrainConfig, Transfer, streams};

/// The settings of `preset` for `task`.
pub fn settings(task: Task, preset: Preset) -> TrainConfig {
    let base = preset::config(preset);
    if task == Task::Generation {
        return base;
    }
    // The value of `quick` was chosen for generation only.
    let base = TrainConfig { lr_scale: TrainConfig::default().lr_scale, ..base };
    match task {
        Task::Generation => base,
        // Borders are padded, so the layout stretches with them.
        Task::Retarget => TrainConfig { border: Border::Padded, ..base },
        Task::Animation => TrainConfig { min_size: 20, ..base },
        Task::Harmonization => harmonization(preset, base),
        Task::Editing => editing(preset, base),
        Task::Paint => paint::settings(base),
        // The crate `upscale` makes such runs, with stages that it chooses for the picture.
        Task::SuperResolution => {
            TrainConfig { spacing: Spacing::Geometric, border: Border::Padded, alpha: 100.0, ..base }
        }
    }
}

/// Lowers `min_size` where it is the one that `task` and `preset` have and the picture (height, width) is too small for it at this
/// `max_size`. Harmonization's and painting's coarsest stages are meant to be a share of the finest, not of some size.
pub fn fit_min_size(task: Task, preset: Preset, config: &mut TrainConfig, (h, w): (usize, usize)) {
    let share = match task {
        Task::Harmonization => 0.72,
        Task::Paint => 0.6,
        _ => return,
    };
    if config.min_size != settings(task, preset).min_size {
        return;
    }
    let scale = (config.max_size as f64 / h.max(w) as f64).min(1.0);
    let finest = h.min(w) as f64 * scale;
    let fitting = (finest * share).ceil() as usize;
    let smallest = config.net(3).receptive_field();
    config.min_size = config.min_size.min(fitting.max(smallest));
}

/// Iterations of fine-tuning of the presets `quick` and `auto`. They are few, so that the edited part is
/// joined to its surroundings and not yet replaced by what was there before.
const FINE_TUNE_NITER: usize = 40;

fn harmonization(preset: Preset, base: TrainConfig) -> TrainConfig {
    let base = TrainConfig {
        niter: 1000,
        train_stages: 3,
        min_size: 120,
        spacing: Spacing::Geometric,
        lrelu_alpha: 0.3,
        batch_norm: true,
        border: Border::Padded,
        retouch: Some(RetouchConfig::OFFICIAL),
        ..base
    };
    match preset {
        Preset::Paper | Preset::Official | Preset::Custom => base,
        // The restoration examples have more weight than the critic.
        Preset::Quick | Preset::Auto => {
            let retouch = RetouchConfig {
                restore: true,
                transfer: Transfer::Colours,
                fine_tune_niter: Some(FINE_TUNE_NITER),
            };
            TrainConfig { niter: 700, min_size: 48, alpha: 100.0, retouch: Some(retouch), ..base }
        }
    }
}

fn editing(preset: Preset, base: TrainConfig) -> TrainConfig {
    let retouch = Some(RetouchConfig::OFFICIAL);
    let base = TrainConfig { niter: 1000, batch_norm: true, border: Border::Padded, retouch, ..base };
    match preset {
        Preset::Paper | Preset::Official | Preset::Custom => base,
        Preset::Quick | Preset::Auto => {
            let retouch = RetouchConfig {
                restore: false,
                transfer: Transfer::Seams,
                fine_tune_niter: Some(FINE_TUNE_NITER),
            };
            TrainConfig { niter: 700, retouch: Some(retouch), ..base }
        }
    }
}

/// The input of stage 0 of `run`.
///
/// # Errors
/// [`crate::Error::Train`] where a file of the run is damaged.
pub fn first_input(run: &Run, device: &Device) -> Result<Box<dyn FirstInput>> {
    let task = run.info.task;
    let own = own_input(task, &run.config, &train::picture(&run.real(0, device)?)?)?;
    let Some(naive) = run.first_input(device)? else { return Ok(own) };
    let noise = if task == Task::Editing { NOISE } else { 0.0 };
    let fixed = run.fixed_noise(1, device)?.swap_remove(0);
    Ok(Box::new(NaiveInput::new(&naive, fixed, noise, own)?))
}

/// A task's input for a run with these settings whose coarsest picture this is.
pub(crate) fn own_input(task: Task, config: &TrainConfig, coarsest: &Picture) -> Result<Box<dyn FirstInput>> {
    let pixels = || coarsest.pixels().to_owned();
    let restores = config.retouch.is_some_and(|retouch| retouch.restore);
    Ok(match task {
        Task::Generation | Task::Retarget | Task::SuperResolution => Box::new(Noise),
        Task::Animation => Box::new(AllNoise),
        Task::Harmonization => Box::new(Augmented::new(pixels(), restores)),
        Task::Editing => Box::new(Shuffled::new(pixels())),
        Task::Paint => Box::new(Painted::new(pixels())?),
    })
}

/// The input for animation. The walk goes around noise, so noise must reconstruct the picture.
#[derive(Debug)]
struct AllNoise;

impl FirstInput for AllNoise {
    fn fixed(&self, real: &Tensor, seed: u64) -> train::Result<Tensor> {
        let (_, h, w, c) = real.dims4()?;
        Ok(kernels::normal(streams::fixed_noise(seed, 0), (0, 0), (h, w, c), real.device())?)
    }

    fn fill(&self, target: &Tensor, moment: Moment) -> train::Result<()> {
        Noise.fill(target, moment)
    }
}
