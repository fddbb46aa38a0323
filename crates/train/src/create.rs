//! How a run directory comes to be: for a picture, or to train another run's last stage again.

use crate::files::write_tensors;
use crate::info::{FORMAT, RunInfo};
use crate::log::LogLengths;
use crate::pictures::{tensor, to_nchw};
use crate::rundir::{DISCRIMINATOR, FIRST_INPUT, FIXED_NOISE, GENERATOR, PYRAMID, Run, vacant};
use crate::{Error, Label, Map, Result, TrainConfig, checkpoint};
use candle_core::{Device, Tensor};
use pyramid::{Palette, Picture};
use std::fs;
use std::path::Path;

impl Run {
    /// Makes a run directory `dir` for `picture`. Nothing of it is there until all of it is: it is filled under another
    /// name beside `dir` and renamed.
    ///
    /// # Errors
    /// [`Error::File`] where `dir` exists or cannot be made, [`Error::Range`] for settings outside their
    /// range, [`Error::Picture`] where the sizes of the stages contradict each other or do not suit the
    /// picture.
    pub fn create(dir: &Path, config: TrainConfig, picture: &Picture, label: Label) -> Result<Self> {
        config.check()?;
        vacant(dir)?;
        let smallest = config.net(picture.channels()).receptive_field();
        let pictures = pyramid::pyramid(picture, &config.schedule(), smallest)?;
        let mut info = RunInfo::new(&config, label, picture.size(), &pictures);
        if info.maps.len() < 2 {
            info.palette = Palette::bytes_of(picture);
            info.maps.retain(|map| !map.is_plain());
        }
        Self::make(dir, config, info, |run| run.fill(&pictures))
    }

    /// Makes a run directory `dir` that trains the last stage of `from`, a finished run, once more: `niter` iterations from its
    /// weights, discriminator, fixed noise and amplitudes, with new optimizers, stage 0 being fed with `first_input`
    /// (`[1, H, W, C]` of the coarsest size). As [`Run::create`], it is there in whole or not at all.
    ///
    /// # Errors
    /// [`Error::Unfinished`] where `from` is not finished; [`Error::Range`] where `niter` is outside its range;
    /// [`Error::File`] where `dir` exists or cannot be made, or a file of `from` cannot be read;
    /// [`Error::Damaged`] where one is damaged; [`Error::Tensor`] where `first_input` has another rank.
    pub fn fine_tune(
        dir: &Path,
        from: &Self,
        niter: usize,
        first_input: &Tensor,
        device: &Device,
    ) -> Result<Self> {
        if !from.is_finished() {
            return Err(Error::Unfinished { path: from.dir.clone() });
        }
        let config = TrainConfig { niter, ..from.config.clone() };
        config.check()?;
        let last = config.train_stages - 1;
        let mut info = RunInfo { format: FORMAT, ..from.info.clone() };
        info.stages_done = last;
        info.amps.truncate(last);
        info.seconds.truncate(last);
        info.losses.truncate(last);
        info.collapsed.retain(|&stage| stage < last);
        info.logs = LogLengths::default();
        info.origin = Some(from.dir.to_string_lossy().into_owned());
        Self::make(dir, config, info, |run| {
            run.fill_settings()?;
            for name in ["pyramid.png", PYRAMID, FIXED_NOISE] {
                copy(&from.dir.join(name), &run.dir.join(name))?;
            }
            for name in from.info.maps.iter().map(Map::profile_file) {
                if from.dir.join(&name).exists() {
                    copy(&from.dir.join(&name), &run.dir.join(&name))?;
                }
            }
            for stage in 0..last {
                let dir = run.stage_dir(stage);
                fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
                for name in [GENERATOR, DISCRIMINATOR] {
                    copy(&from.stage_dir(stage).join(name), &dir.join(name))?;
                }
                copy(&from.sheet(stage), &run.sheet(stage))?;
            }
            let input = vec![("input".to_string(), to_nchw(first_input)?)];
            write_tensors(&run.dir.join(FIRST_INPUT), input, None)?;
            checkpoint::begin_again(run, from, device)
        })
    }

    /// Fills a directory beside `dir` and renames it.
    pub(crate) fn make(
        dir: &Path,
        config: TrainConfig,
        info: RunInfo,
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<Self> {
        let mut run = Self { dir: dir.to_path_buf(), config, info };
        ::files::make_directory(dir, |temporary| {
            run.dir = temporary.to_path_buf();
            fill(&mut run)
        })?;
        run.dir = dir.to_path_buf();
        Ok(run)
    }

    pub(crate) fn fill(&self, pictures: &[Picture]) -> Result<()> {
        self.fill_settings()?;
        for map in &self.info.maps {
            if let Some(profile) = &map.profile {
                crate::files::write(&self.dir.join(map.profile_file()), profile)?;
            }
        }
        let shown: Vec<Picture> = pictures.iter().map(|p| self.first_map(p)).collect::<Result<_>>()?;
        pyramid::pyramid_sheet(&shown).save_png(self.dir.join("pyramid.png"))?;
        let real = |(k, p): (usize, &Picture)| Ok((format!("real.{k}"), to_nchw(&tensor(p, &Device::Cpu)?)?));
        let reals = pictures.iter().enumerate().map(real).collect::<Result<_>>()?;
        write_tensors(&self.dir.join(PYRAMID), reals, None)
    }

    fn fill_settings(&self) -> Result<()> {
        let samples = self.dir.join("samples");
        fs::create_dir_all(&samples).map_err(Error::io(&samples))?;
        self.save_config()?;
        self.save_info()
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(|_| ()).map_err(Error::io(from))
}
