//! New pictures from a run.

use crate::{Error, Result, Target, first_input, output_sizes};
use candle_core::{Device, Tensor};
use kernels::Wrap;
use model::Generator;
use pyramid::Picture;
use std::path::{Path, PathBuf};
use train::{FirstInput, Run, Sampling, draw, files, reconstruct};

/// What to draw from a run.
#[derive(Clone, Debug, Default)]
pub struct SampleRequest {
    /// Seed of the noise.
    pub seed: u64,
    /// How large.
    pub target: Target,
    /// Use the generator as it was after this many stages; all that are done if none is given.
    pub stages: Option<usize>,
    /// Stages below it keep the fixed noise, and so the training picture's layout.
    pub start_stage: usize,
    /// Axes along which a sample's edges meet, so that copies of it can be laid side by side.
    pub wrap: Wrap,
}

/// What a sample is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// 8 bits a channel.
    #[default]
    Png,
    /// The tensor itself: `image`, `[1, C, H, W]` in [-1, 1].
    Safetensors,
}

/// A run's generator, ready to draw.
#[derive(Debug)]
pub struct Sampler {
    generator: Generator,
    amps: Vec<f64>,
    fixed: Vec<Tensor>,
    sizes: Vec<(usize, usize)>,
    first: Box<dyn FirstInput>,
    start_stage: usize,
    wrap: Wrap,
    seed: u64,
}

impl Sampler {
    /// Loads the generator of `run`. Fails where the run has no finished stage yet, or not the stages asked for, or the
    /// size does not work.
    pub fn new(run: &Run, request: &SampleRequest, device: &Device) -> Result<Self> {
        let done = stages_done(run)?;
        let stages = request.stages.unwrap_or(done);
        let range = |name, value: usize, from: usize, to: usize| {
            let expected =
                format!("between {from} and {to}, {} has {done} finished stages", run.dir.display());
            if (from..=to).contains(&value) {
                Ok(())
            } else {
                Err(Error::Value { name, value: value.to_string(), expected })
            }
        };
        range("stages", stages, 1, done)?;
        range("start-stage", request.start_stage, 0, stages)?;
        let smallest = run.config.kernel;
        let sizes = output_sizes(&run.info.sizes[..stages], request.target, smallest)?;
        Ok(Sampler {
            generator: run.generator(stages - 1, device)?,
            amps: run.info.amps[..stages].to_vec(),
            fixed: run.fixed_noise(stages, device)?,
            sizes,
            first: first_input(run, device)?,
            start_stage: request.start_stage,
            wrap: request.wrap,
            seed: request.seed,
        })
    }

    /// Height and width of what it draws.
    pub fn size(&self) -> (usize, usize) {
        self.sizes[self.sizes.len() - 1]
    }

    /// Sample number `index`, `[1, H, W, C]` in [-1, 1].
    pub fn sample(&self, index: u32) -> Result<Tensor> {
        Ok(draw(&self.generator, self.sampling(), index)?)
    }

    /// What the fixed noise gives.
    pub fn reconstruction(&self) -> Result<Tensor> {
        Ok(reconstruct(&self.generator, self.sampling())?)
    }

    fn sampling(&self) -> Sampling<'_> {
        Sampling {
            amps: &self.amps,
            sizes: &self.sizes,
            fixed: &self.fixed,
            first: self.first.as_ref(),
            start_stage: self.start_stage,
            wrap: self.wrap,
            seed: self.seed,
        }
    }
}

/// How many stages of `run` are done. Fails if there is none to work with.
pub(crate) fn stages_done(run: &Run) -> Result<usize> {
    if run.info.stages_done == 0 {
        let reason = "has no finished stage yet; go on with `consingan train --resume`".to_string();
        return Err(Error::Run { path: run.dir.clone(), reason });
    }
    Ok(run.info.stages_done)
}

impl Format {
    /// The file name's extension.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Safetensors => "safetensors",
        }
    }

    /// Writes a picture tensor to `dir/stem.EXT` and returns the path and the picture.
    pub fn write(self, image: &Tensor, dir: &Path, stem: &str) -> Result<(PathBuf, Picture)> {
        let path = dir.join(format!("{stem}.{}", self.extension()));
        let picture = train::picture(image)?;
        self.write_to(&picture, &path)?;
        Ok((path, picture))
    }

    /// Writes a picture to `path`, whatever that is called.
    pub fn write_to(self, picture: &Picture, path: &Path) -> Result<()> {
        match self {
            Format::Png => picture.save_png(path)?,
            Format::Safetensors => {
                let image = files::to_nchw(&train::tensor(picture, &Device::Cpu)?)?;
                files::write_tensors(path, vec![("image".into(), image)], None)?
            }
        }
        Ok(())
    }
}
