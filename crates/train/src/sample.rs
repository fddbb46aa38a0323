//! A trained generator with its amplitudes, sizes and fixed noise, and drawing pictures with it.

use crate::drawing::{Drawing, resized_rows};
use crate::streams::{self, Moment};
use crate::{Error, FirstInput, Result};
use candle_core::{DType, Device, Tensor};
use kernels::Wrap;
use model::{Generator, Inputs};
use std::ops::Range;

/// A generator with the amplitudes, sizes and fixed noise of its picture: everything that drawing needs
/// except the request. [`crate::Run::model`] loads it.
///
/// All lists have an item for each of the generator's stages. A clone shares the weights with the original.
#[derive(Clone, Debug)]
pub struct Model {
    /// The generator.
    pub generator: Generator,
    /// Noise amplitude of every stage.
    pub amps: Vec<f64>,
    /// Height and width that each stage gives: those of training, or any other that the network can work on.
    pub sizes: Vec<(usize, usize)>,
    /// The fixed noise, `[1, H, W, C]` of [`model::NetConfig::noise_shape`] at the sizes of training.
    pub fixed: Vec<Tensor>,
}

/// How a sample is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Sampling<'a> {
    /// What stage 0 gets where it is not fixed.
    pub first: &'a dyn FirstInput,
    /// Stages below it get the fixed noise, and so the training picture's layout; 0: all noise is fresh.
    pub start_stage: usize,
    /// Axes along which the picture's edges meet.
    pub wrap: Wrap,
    /// Seed of the fresh noise.
    pub seed: u64,
}

/// Bytes of the last stage's features from which a picture is drawn in strips. The whole takes some seven times as much.
const LARGE: usize = if cfg!(test) { 100_000 } else { 256 << 20 };

impl Model {
    /// Checks that every list has an item for each stage.
    ///
    /// # Errors
    /// [`Error::StageCount`] where one has more or fewer.
    pub fn check(&self) -> Result<()> {
        let stages = self.generator.stages();
        one_each_stage("noise amplitudes", self.amps.len(), stages)?;
        one_each_stage("sizes", self.sizes.len(), stages)?;
        one_each_stage("tensors of fixed noise", self.fixed.len(), stages)
    }

    /// Height and width of the pictures.
    pub fn size(&self) -> (usize, usize) {
        self.sizes.last().copied().unwrap_or_default()
    }

    /// Whether pictures are so large that they are drawn in strips. A GPU draws every picture as a whole.
    pub fn is_large(&self) -> bool {
        let (h, w) = self.size();
        let features = h.saturating_mul(w).saturating_mul(self.generator.config().filters * 4);
        self.device().is_cpu() && features > LARGE
    }

    /// Where the generator computes.
    pub fn device(&self) -> &Device {
        self.fixed.first().map_or(&Device::Cpu, Tensor::device)
    }

    /// What the generator gets with this noise, an item a stage.
    pub fn inputs<'a>(&'a self, noise: &'a [Tensor]) -> Inputs<'a> {
        Inputs { noise, sizes: &self.sizes, amps: &self.amps }
    }

    /// Sample number `index`, `[1, H, W, C]` in [-1, 1]: a function of the seed and the index alone, whatever was drawn
    /// before. Stages below the start stage get the fixed noise, resized where the sizes are not those of training.
    ///
    /// # Errors
    /// [`Error::StageCount`] as [`Model::check`]; [`Error::Model`] and [`Error::Tensor`] where the sizes are
    /// too small for the network; what [`FirstInput::fill`] returns.
    pub fn draw(&self, sampling: Sampling<'_>, index: u32) -> Result<Tensor> {
        self.drawing(sampling, index)?.picture()
    }

    /// What [`Model::draw`] draws.
    ///
    /// # Errors
    /// [`Error::StageCount`] as [`Model::check`]; what [`FirstInput::fill`] returns.
    pub fn drawing(&self, sampling: Sampling<'_>, index: u32) -> Result<Drawing<'_>> {
        self.check()?;
        let Sampling { first, start_stage, wrap, seed } = sampling;
        let (h, w, c) = self.noise_shape(0, wrap);
        let first = if start_stage > 0 {
            self.fixed_rows(0, wrap, 0..h)?
        } else {
            let input = Tensor::zeros((1, h, w, c), DType::F32, self.device())?;
            first.fill(&input, Moment::sample(seed, index))?;
            input
        };
        let noise = move |stage: usize, rows: Range<usize>| {
            if stage < start_stage {
                return self.fixed_rows(stage, wrap, rows);
            }
            let (_, w, c) = self.noise_shape(stage, wrap);
            let stream = streams::sample_noise(seed, stage, index);
            Ok(kernels::normal(stream, (rows.start as i64, 0), (rows.len(), w, c), self.device())?)
        };
        Ok(Drawing { model: self, first, stages: 1..self.generator.stages(), wrap, noise: Box::new(noise) })
    }

    /// What the fixed noise gives, `[1, H, W, C]` in [-1, 1]: the reconstruction of the training picture.
    ///
    /// # Errors
    /// [`Error::StageCount`] as [`Model::check`]; [`Error::Model`] and [`Error::Tensor`] where the sizes are
    /// too small for the network.
    pub fn reconstruct(&self, wrap: Wrap) -> Result<Tensor> {
        self.reconstruction(wrap)?.picture()
    }

    /// What [`Model::reconstruct`] draws.
    ///
    /// # Errors
    /// [`Error::StageCount`] as [`Model::check`].
    pub fn reconstruction(&self, wrap: Wrap) -> Result<Drawing<'_>> {
        self.check()?;
        let first = self.fixed_rows(0, wrap, 0..self.noise_shape(0, wrap).0)?;
        let noise = move |stage: usize, rows: Range<usize>| self.fixed_rows(stage, wrap, rows);
        Ok(Drawing { model: self, first, stages: 1..self.generator.stages(), wrap, noise: Box::new(noise) })
    }

    /// Height, width and channels of the noise of a stage.
    pub(crate) fn noise_shape(&self, stage: usize, wrap: Wrap) -> (usize, usize, usize) {
        self.generator.config().tiled_noise_shape(stage, self.sizes[stage], wrap)
    }

    /// Rows of the fixed noise of a stage, resized to the size that is drawn.
    fn fixed_rows(&self, stage: usize, wrap: Wrap, rows: Range<usize>) -> model::Result<Tensor> {
        let (h, w, _) = self.noise_shape(stage, wrap);
        resized_rows(&self.fixed[stage], (h, w), rows)
    }
}

/// Checks that a list has as many items as there are stages.
pub(crate) fn one_each_stage(list: &'static str, found: usize, stages: usize) -> Result<()> {
    if found == stages { Ok(()) } else { Err(Error::StageCount { list, found, stages }) }
}
