//! Sampling, and refinement of paintings.

use crate::{Result, Run, Source};
use candle_core::Tensor;
use pyramid::{Picture, Size};
use tasks::{PaintRequest, SampleRequest};

/// A run that is prepared for sampling. Picture number n depends only on the request's seed and on n.
#[derive(Debug)]
pub struct Sampler(tasks::Sampler);

/// A painting that is prepared for refinement. The pictures differ in their detail. Picture number n depends
/// only on the request's seed and on n.
#[derive(Debug)]
pub struct Painter(tasks::Painter);

impl Run {
    /// Prepares the run for sampling.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] for a run without a finished stage, and for stages and sizes that do not work.
    pub fn sampler(&self, request: SampleRequest) -> Result<Sampler> {
        Ok(Sampler(tasks::Sampler::new(&self.run, &request, &self.device)?))
    }

    /// Prepares the run for turning a rough painting into pictures.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] where the painting cannot be read, [`crate::Error::Tasks`] for a run without
    /// a finished stage, and for values outside their ranges.
    pub fn painter<'a>(&self, painting: impl Into<Source<'a>>, request: PaintRequest) -> Result<Painter> {
        let painting = painting.into().picture()?;
        Ok(Painter(tasks::Painter::new(&self.run, &painting, &request, &self.device)?))
    }
}

impl Sampler {
    /// Height and width of the pictures.
    pub fn size(&self) -> Size {
        self.0.size()
    }

    /// Picture number `index`.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] where the memory does not suffice.
    pub fn picture(&self, index: u32) -> Result<Picture> {
        Ok(train::picture(&self.tensor(index)?)?)
    }

    /// Picture number `index` as a tensor, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// As [`Sampler::picture`].
    pub fn tensor(&self, index: u32) -> Result<Tensor> {
        Ok(self.0.sample(index)?)
    }

    /// The reconstruction: the picture of the fixed noise, which resembles the training picture as far as the
    /// run has learnt it.
    ///
    /// # Errors
    /// As [`Sampler::picture`].
    pub fn reconstruction(&self) -> Result<Picture> {
        Ok(train::picture(&self.0.reconstruction()?)?)
    }
}

impl Painter {
    /// Height and width of the pictures.
    pub fn size(&self) -> Size {
        self.0.size()
    }

    /// The painting as the generator gets it: small, and in few colours where the request asks for them.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`], which a fault of this crate alone can cause.
    pub fn painting(&self) -> Result<Picture> {
        Ok(self.0.painting()?)
    }

    /// Picture number `index`.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] where the memory does not suffice.
    pub fn picture(&self, index: u32) -> Result<Picture> {
        Ok(train::picture(&self.tensor(index)?)?)
    }

    /// Picture number `index` as a tensor, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// As [`Painter::picture`].
    pub fn tensor(&self, index: u32) -> Result<Tensor> {
        Ok(self.0.refine(index)?)
    }
}
