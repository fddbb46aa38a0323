//! A run: a model of one picture, in a directory.

use crate::Result;
use candle_core::{Device, Tensor};
use pyramid::{Palette, Picture};
use std::path::Path;
use tasks::first_input;
use train::{Map, Observer, Outcome, Output, Pace, RunInfo, TrainConfig};

/// A model of one picture, trained or under training, in a directory. What can be made with it depends on the
/// task that it was trained for.
#[derive(Clone, Debug)]
pub struct Run {
    pub(crate) run: train::Run,
    pub(crate) device: Device,
}

/// The number of parameters of the networks of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Parameters of the generator.
    pub generator: usize,
    /// Parameters of the discriminator.
    pub discriminator: usize,
}

/// Opens the run in a directory, to be used on the CPU; [`Run::on`] chooses another device. Nothing is
/// written.
///
/// # Errors
/// [`crate::Error::Train`] where there is none, or it is damaged.
pub fn open(dir: impl AsRef<Path>) -> Result<Run> {
    Ok(Run { run: train::Run::open(dir.as_ref())?, device: Device::Cpu })
}

/// Makes the run directory `out` of a model that the official program trained, in `folder`.
///
/// # Errors
/// [`crate::Error::Tasks`] where the folder cannot be used or `out` cannot be made; nothing is made then.
pub fn import(folder: impl AsRef<Path>, out: impl AsRef<Path>) -> Result<Run> {
    Ok(Run { run: tasks::import(folder.as_ref(), out.as_ref())?, device: Device::Cpu })
}

impl Run {
    /// The same run, used on another device.
    pub fn on(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// The run directory.
    pub fn dir(&self) -> &Path {
        &self.run.dir
    }

    /// The settings that it is trained with.
    pub fn config(&self) -> &TrainConfig {
        &self.run.config
    }

    /// The contents of `run.json`: what the run is, and its progress.
    pub fn info(&self) -> &RunInfo {
        &self.run.info
    }

    /// Whether all stages are trained.
    pub fn is_finished(&self) -> bool {
        self.run.is_finished()
    }

    /// Trains it from its present state to its end, or until the observer stops it. A run that is stopped is
    /// saved and can be resumed.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where another process trains it, its files are damaged, the memory does not
    /// suffice, or training goes wrong.
    pub fn train(&mut self, observer: &mut dyn Observer) -> Result<Outcome> {
        let first = first_input(&self.run, &self.device)?;
        Ok(train::train(&mut self.run, first.as_ref(), &self.device, Pace::default(), observer)?)
    }

    /// Removes temporary files that are left in the directory when the program is killed.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where a file cannot be removed.
    pub fn tidy(&self) -> Result<()> {
        Ok(self.run.tidy()?)
    }

    /// The training picture at the size of a stage, counted from 0.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where there is no such stage, or the file is damaged.
    pub fn training_picture(&self, stage: usize) -> Result<Picture> {
        Ok(train::picture(&self.run.real(stage, &Device::Cpu)?)?)
    }

    /// The pictures that it generates: what each range of channels is.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where an ICC profile cannot be read.
    pub fn maps(&self) -> Result<Vec<Map>> {
        Ok(self.run.maps()?)
    }

    /// The array of one picture for each map, as the networks take it.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where sizes or channels differ.
    pub fn stack(&self, pictures: &[Picture]) -> Result<Picture> {
        Ok(train::maps::stacked(&self.run.maps()?, pictures)?)
    }

    /// How its pictures become files, with the precision of the training pictures.
    ///
    /// # Errors
    /// As [`Run::maps`].
    pub fn output(&self) -> Result<Output> {
        Ok(Output { maps: self.maps()?, format: None, palette: None })
    }

    /// The colours of the picture that it was made for, to which results can be mapped; `None` where there are more
    /// than [`Palette::MOST`].
    pub fn palette(&self) -> Option<Palette> {
        self.run.info.palette.as_deref().map(Palette::from_bytes)
    }

    /// The number of parameters of its networks; `None` before a stage is finished.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where its files are damaged.
    pub fn parameters(&self) -> Result<Option<Parameters>> {
        let Some(last) = self.run.info.stages_done.checked_sub(1) else { return Ok(None) };
        let count = |list: Vec<(String, Tensor)>| list.iter().map(|(_, t)| t.elem_count()).sum();
        Ok(Some(Parameters {
            generator: count(self.run.generator(last, &Device::Cpu)?.parameters()),
            discriminator: count(self.run.discriminator(last, &Device::Cpu)?.parameters()),
        }))
    }

    /// The run of the crate `train`, for access to tensors.
    pub fn inner(&self) -> &train::Run {
        &self.run
    }
}
