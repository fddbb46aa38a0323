//! New pictures from a run.

use crate::{Error, Result, first_input};
use candle_core::{Device, Tensor};
use kernels::Wrap;
use limits::OutOfRange;
use train::{Drawing, FirstInput, Model, Run, Sampling, Target, output_sizes};

/// The settings of sampling.
#[derive(Clone, Debug, Default)]
pub struct SampleRequest {
    /// Seed of the noise.
    pub seed: u64,
    /// Size of the samples.
    pub target: Target,
    /// Number of stages to use. The default is all that are done.
    pub stages: Option<usize>,
    /// Stages below it keep the fixed noise, and so the training picture's layout.
    pub start_stage: usize,
    /// Axes along which a sample's edges meet, so that copies of it can be laid side by side.
    pub wrap: Wrap,
}

/// A run's generator, ready to draw.
#[derive(Debug)]
pub struct Sampler {
    model: Model,
    first: Box<dyn FirstInput>,
    start_stage: usize,
    wrap: Wrap,
    seed: u64,
}

impl Sampler {
    /// Loads the generator of `run`.
    ///
    /// # Errors
    /// [`Error::NoStage`] for a run without a finished stage, [`Error::Range`] for stages that it does not
    /// have and sizes that do not work, [`Error::Train`] where its files are damaged.
    pub fn new(run: &Run, request: &SampleRequest, device: &Device) -> Result<Self> {
        let done = stages_done(run)?;
        let stages = request.stages.unwrap_or(done);
        let range = |name, value: usize, from: usize, to: usize| {
            let expected =
                format!("between {from} and {to}, {} has {done} finished stages", run.dir.display());
            if (from..=to).contains(&value) { Ok(()) } else { Err(OutOfRange::new(name, value, expected)) }
        };
        range("stages", stages, 1, done)?;
        range("start-stage", request.start_stage, 0, stages)?;
        let smallest = run.config.kernel;
        let sizes = output_sizes(&run.info.sizes[..stages], request.target, smallest)?;
        Ok(Self {
            model: Model { sizes, ..run.model(stages, device)? },
            first: first_input(run, device)?,
            start_stage: request.start_stage,
            wrap: request.wrap,
            seed: request.seed,
        })
    }

    /// Height and width of what it draws.
    pub fn size(&self) -> (usize, usize) {
        self.model.size()
    }

    /// Whether pictures are so large that they are drawn in strips.
    pub fn is_large(&self) -> bool {
        self.model.is_large()
    }

    /// Sample number `index`, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// [`Error::Train`] where the memory does not suffice, or by a fault of this program.
    pub fn sample(&self, index: u32) -> Result<Tensor> {
        Ok(self.model.draw(self.sampling(), index)?)
    }

    /// What the fixed noise gives, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn reconstruction(&self) -> Result<Tensor> {
        Ok(self.model.reconstruct(self.wrap)?)
    }

    /// What [`Sampler::sample`] draws, to draw it in strips.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn drawing(&self, index: u32) -> Result<Drawing<'_>> {
        Ok(self.model.drawing(self.sampling(), index)?)
    }

    /// What [`Sampler::reconstruction`] draws, to draw it in strips.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn fixed_drawing(&self) -> Result<Drawing<'_>> {
        Ok(self.model.reconstruction(self.wrap)?)
    }

    fn sampling(&self) -> Sampling<'_> {
        Sampling {
            first: self.first.as_ref(),
            start_stage: self.start_stage,
            wrap: self.wrap,
            seed: self.seed,
        }
    }
}

/// The number of finished stages of `run`. Fails if there is none.
pub(crate) fn stages_done(run: &Run) -> Result<usize> {
    if run.info.stages_done == 0 {
        return Err(Error::NoStage { path: run.dir.clone() });
    }
    Ok(run.info.stages_done)
}
