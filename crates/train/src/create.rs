//! How a run directory comes to be: for a picture, or to train another run's last stage again.

use crate::files::{to_nchw, write, write_tensors};
use crate::log::LogLengths;
use crate::rundir::{FIRST_INPUT, FIXED_NOISE, Label, PYRAMID, Run, RunInfo, tensor, vacant};
use crate::{Error, Result, TrainConfig, checkpoint};
use candle_core::{Device, Tensor};
use pyramid::Picture;
use std::path::Path;

impl Run {
    /// Makes a run directory `dir` for `picture`. Nothing of it is there until all of it is: it is filled under another
    /// name beside `dir` and renamed. Fails if `dir` exists.
    pub fn create(dir: &Path, config: TrainConfig, picture: &Picture, label: Label) -> Result<Self> {
        config.check()?;
        vacant(dir)?;
        let smallest = config.net(picture.channels()).receptive_field();
        let pictures = pyramid::pyramid(picture, &config.schedule(), smallest)?;
        let info = RunInfo::new(&config, label, picture.size(), &pictures);
        Run::make(dir, config, info, |run| run.fill(&pictures))
    }

    /// Makes a run directory `dir` that trains the last stage of `from`, a finished run, once more: `niter` iterations from its
    /// weights, discriminator, fixed noise and amplitudes, with new optimizers, stage 0 being fed with `first_input`
    /// (`[1, H, W, C]` of the coarsest size). As [`Run::create`], it is there in whole or not at all.
    pub fn fine_tune(
        dir: &Path,
        from: &Run,
        niter: usize,
        first_input: &Tensor,
        device: &Device,
    ) -> Result<Self> {
        if !from.is_finished() {
            let reason =
                "is not finished, and its last stage is what would be trained again; go on with it first";
            return Err(Error::run(&from.dir, reason));
        }
        let config = TrainConfig { niter, ..from.config.clone() };
        config.check()?;
        let last = config.train_stages - 1;
        let mut info = from.info.clone();
        info.stages_done = last;
        info.amps.truncate(last);
        info.seconds.truncate(last);
        info.losses.truncate(last);
        info.logs = LogLengths::default();
        info.origin = Some(from.dir.to_string_lossy().into_owned());
        Run::make(dir, config, info, |run| {
            run.fill_settings()?;
            for name in ["pyramid.png", PYRAMID, FIXED_NOISE] {
                copy(&from.dir.join(name), &run.dir.join(name))?;
            }
            for stage in 0..last {
                let dir = run.stage_dir(stage);
                std::fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
                for name in ["generator.safetensors", "discriminator.safetensors"] {
                    copy(&from.stage_dir(stage).join(name), &dir.join(name))?;
                }
                let sheet = Path::new("samples").join(format!("stage-{stage}.png"));
                copy(&from.dir.join(&sheet), &run.dir.join(&sheet))?;
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
        fill: impl FnOnce(&mut Run) -> Result<()>,
    ) -> Result<Self> {
        let mut run = Run { dir: dir.to_path_buf(), config, info };
        ::files::make_directory(dir, |temporary| {
            run.dir = temporary.to_path_buf();
            fill(&mut run)
        })?;
        run.dir = dir.to_path_buf();
        Ok(run)
    }

    pub(crate) fn fill(&self, pictures: &[Picture]) -> Result<()> {
        self.fill_settings()?;
        pyramid::pyramid_sheet(pictures).save_png(&self.dir.join("pyramid.png"))?;
        let real = |(k, p): (usize, &Picture)| Ok((format!("real.{k}"), to_nchw(&tensor(p, &Device::Cpu)?)?));
        let reals = pictures.iter().enumerate().map(real).collect::<Result<_>>()?;
        write_tensors(&self.dir.join(PYRAMID), reals, None)
    }

    fn fill_settings(&self) -> Result<()> {
        let samples = self.dir.join("samples");
        std::fs::create_dir_all(&samples).map_err(Error::io(&samples))?;
        let text = toml::to_string(&self.config).map_err(|e| Error::run(&self.dir, e.to_string()))?;
        write(&self.dir.join("config.toml"), text.as_bytes())?;
        self.save_info()
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).map(|_| ()).map_err(Error::io(from))
}
