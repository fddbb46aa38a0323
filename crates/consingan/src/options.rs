//! The options of a training run.

use crate::Result;
use candle_core::Device;
use pyramid::Picture;
use std::fmt;
use std::path::PathBuf;
use tasks::{fit_min_size, fit_to_time, settings};
use train::{Observer, Preset, Task, TrainConfig};

/// The options of a training run: its task, its settings, and its directory.
///
/// ```
/// use consingan::{Options, TrainConfig};
///
/// let mut options = Options { out: Some("runs/photo".into()), ..Options::quick() };
/// options.config.seed = 7;
/// assert_eq!(options.config, TrainConfig { seed: 7, ..Options::quick().config });
/// ```
pub struct Options<'a> {
    /// The task. Every task has its own settings; [`Options::of`] starts from them.
    pub task: Task,
    /// The name under which the run records where its settings came from.
    pub preset: Preset,
    /// The settings.
    pub config: TrainConfig,
    /// Minutes, above 0, that training may take on this machine: `niter`, `train_stages` and `max_size` are
    /// then chosen for the picture, except those that differ from the preset's.
    pub minutes: Option<f64>,
    /// The run directory to create. The default is `runs/NAME` after the picture's file, with a number if
    /// that exists.
    pub out: Option<PathBuf>,
    /// The device to compute on. The default is a GPU if there is one, and the CPU otherwise.
    pub device: Option<Device>,
    /// Is notified of the progress of the training, and can stop it.
    pub observer: Option<&'a mut dyn Observer>,
}

impl Options<'_> {
    /// The settings of a preset for a task.
    pub fn of(task: Task, preset: Preset) -> Self {
        let config = settings(task, preset);
        Self { task, preset, config, minutes: None, out: None, device: None, observer: None }
    }

    /// Generation with the preset `quick`, which takes a few minutes on two CPU cores.
    pub fn quick() -> Self {
        Self::of(Task::Generation, Preset::Quick)
    }

    /// Generation with the settings of the paper.
    pub fn paper() -> Self {
        Self::of(Task::Generation, Preset::Paper)
    }

    /// Generation with settings chosen so that training takes about this many minutes.
    pub fn minutes(minutes: f64) -> Self {
        Self { minutes: Some(minutes), ..Self::of(Task::Generation, Preset::Auto) }
    }

    /// The device to compute on.
    pub(crate) fn device(&self) -> Device {
        self.device.clone().unwrap_or_else(crate::any_device)
    }

    /// The settings, fitted to a picture.
    ///
    /// # Errors
    /// [`crate::Error::Train`] for values outside their ranges, [`crate::Error::Tasks`] where nothing suits
    /// the minutes.
    pub(crate) fn fitted(&self, picture: &Picture, device: &Device) -> Result<TrainConfig> {
        let fit = |mut config: TrainConfig| -> Result<TrainConfig> {
            fit_min_size(self.task, self.preset, &mut config, picture.size());
            config.check()?;
            Ok(config)
        };
        let config = fit(self.config.clone())?;
        let Some(minutes) = self.minutes else { return Ok(config) };
        let found = fit_to_time(&config, picture, minutes, device)?;
        let (own, preset) = (&self.config, settings(self.task, self.preset));
        let chosen = |own: usize, preset: usize, found: usize| if own == preset { found } else { own };
        fit(TrainConfig {
            niter: chosen(own.niter, preset.niter, found.niter),
            train_stages: chosen(own.train_stages, preset.train_stages, found.train_stages),
            max_size: chosen(own.max_size, preset.max_size, found.max_size),
            ..self.config.clone()
        })
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self::quick()
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("task", &self.task)
            .field("preset", &self.preset)
            .field("config", &self.config)
            .field("minutes", &self.minutes)
            .field("out", &self.out)
            .field("device", &self.device)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}
