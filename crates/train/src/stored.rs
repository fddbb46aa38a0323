//! What a run directory holds as tensors: pictures, noise and networks, read and written.

use crate::files::{read_tensors, write_tensors};
use crate::pictures::{picture, to_nchw, to_nhwc};
use crate::rundir::{DISCRIMINATOR, FIRST_INPUT, FIXED_NOISE, GENERATOR, PYRAMID};
use crate::sample::{Model, Sampling};
use crate::{Error, FirstInput, Result, Run};
use candle_core::{Device, Tensor};
use kernels::Wrap;
use model::{Discriminator, Generator, weights};
use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Samples on a stage's sheet, after the picture.
const SHEET: u32 = 15;

impl Run {
    /// The generator as it was after the first `stages` stages, with its amplitudes, sizes and fixed noise.
    ///
    /// # Errors
    /// [`Error::Range`] where the run does not have so many finished stages, [`Error::Damaged`] where a file
    /// is damaged.
    pub fn model(&self, stages: usize, device: &Device) -> Result<Model> {
        limits::within("stages", stages, 1..=self.info.stages_done)?;
        Ok(Model {
            generator: self.generator(stages - 1, device)?,
            amps: self.info.amps[..stages].to_vec(),
            sizes: self.info.sizes[..stages].to_vec(),
            fixed: self.fixed_noise(stages, device)?,
        })
    }

    /// The generator at the end of stage `stage`, with all stages up to it.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the file is damaged or does not fit the settings, [`Error::File`] where it is
    /// not there.
    pub fn generator(&self, stage: usize, device: &Device) -> Result<Generator> {
        let (path, tensors) = self.stage_tensors(stage, GENERATOR, device)?;
        let net = self.config.net(self.info.channels);
        weights::generator(&net, stage + 1, tensors, device).map_err(|e| Error::damaged(&path, e))
    }

    /// The discriminator at the end of stage `stage`.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the file is damaged or does not fit the settings, [`Error::File`] where it is
    /// not there.
    pub fn discriminator(&self, stage: usize, device: &Device) -> Result<Discriminator> {
        let (path, tensors) = self.stage_tensors(stage, DISCRIMINATOR, device)?;
        let net = self.config.net(self.info.channels);
        weights::discriminator(&net, tensors, device).map_err(|e| Error::damaged(&path, e))
    }

    fn stage_tensors(
        &self,
        stage: usize,
        name: &str,
        device: &Device,
    ) -> Result<(PathBuf, HashMap<String, Tensor>)> {
        let path = self.stage_dir(stage).join(name);
        let (tensors, _) = read_tensors(&path, device)?;
        Ok((path, tensors))
    }

    /// The training picture of `stage`, `[1, H, W, C]`.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the file is damaged, [`Error::File`] where it is not there.
    pub fn real(&self, stage: usize, device: &Device) -> Result<Tensor> {
        let (h, w) = self.info.sizes[stage];
        self.named(PYRAMID, &format!("real.{stage}"), (h, w, self.info.channels), device)
    }

    /// The fixed noise of the first `stages` stages, `[1, H, W, C]` each.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the file is damaged, [`Error::File`] where it is not there.
    pub fn fixed_noise(&self, stages: usize, device: &Device) -> Result<Vec<Tensor>> {
        let net = self.config.net(self.info.channels);
        let shape = |k| net.noise_shape(k, self.info.sizes[k]);
        (0..stages).map(|k| self.named(FIXED_NOISE, &format!("fixed.{k}"), shape(k), device)).collect()
    }

    /// The input of stage 0 in a run that [`Run::fine_tune`] made, `[1, H, W, C]`; `None` in others.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the file is damaged, [`Error::File`] where it is not there.
    pub fn first_input(&self, device: &Device) -> Result<Option<Tensor>> {
        if self.info.origin.is_none() {
            return Ok(None);
        }
        let (h, w) = self.info.sizes[0];
        self.named(FIRST_INPUT, "input", (h, w, self.info.channels), device).map(Some)
    }

    fn named(
        &self,
        file: &str,
        name: &str,
        (h, w, c): (usize, usize, usize),
        device: &Device,
    ) -> Result<Tensor> {
        let path = self.dir.join(file);
        let (mut tensors, _) = read_tensors(&path, device)?;
        let tensor =
            tensors.remove(name).ok_or_else(|| Error::damaged(&path, format!("{name} is missing")))?;
        if tensor.dims() != [1, c, h, w] {
            let reason = format!("{name} is {:?}, it should be {:?}", tensor.dims(), [1, c, h, w]);
            return Err(Error::damaged(&path, reason));
        }
        to_nhwc(&tensor)
    }

    /// Writes a finished stage's networks, noise and sheet.
    pub(crate) fn store_stage(
        &self,
        model: &Model,
        discriminator: &Discriminator,
        first: &dyn FirstInput,
    ) -> Result<()> {
        let stage = model.generator.stages() - 1;
        let dir = self.stage_dir(stage);
        own_directory(&dir)?;
        own_directory(&self.dir.join("samples"))?;
        write_tensors(&dir.join(GENERATOR), model.generator.parameters(), None)?;
        write_tensors(&dir.join(DISCRIMINATOR), discriminator.parameters(), None)?;
        let noise = |(k, z): (usize, &Tensor)| Ok((format!("fixed.{k}"), to_nchw(z)?));
        let noise = model.fixed.iter().enumerate().map(noise).collect::<Result<_>>()?;
        write_tensors(&self.dir.join(FIXED_NOISE), noise, None)?;

        let sampling = Sampling { first, start_stage: 0, wrap: Wrap::default(), seed: self.info.seed };
        let mut tiles = vec![self.first_map(&picture(&self.real(stage, model.device())?)?)?];
        for index in 0..SHEET {
            tiles.push(self.first_map(&picture(&model.draw(sampling, index)?)?)?);
        }
        Ok(pyramid::contact_sheet(&tiles, 4, 2).save_png(self.sheet(stage))?)
    }
}

/// Makes a directory of the run, or takes the one that is there from before a stop; a link to another place is refused.
fn own_directory(dir: &Path) -> Result<()> {
    match fs::create_dir(dir) {
        Err(e)
            if e.kind() == ErrorKind::AlreadyExists && dir.symlink_metadata().is_ok_and(|d| d.is_dir()) =>
        {
            Ok(())
        }
        made => made.map_err(Error::io(dir)),
    }
}
