//! What stage 0 is fed with: the one thing in which tasks differ while a generator trains and draws.

use crate::Result;
use crate::streams::Moment;
use candle_core::Tensor;
use std::fmt::Debug;

/// A task's input of stage 0. All answers are functions of their arguments alone: a run that goes on asks again.
pub trait FirstInput: Debug {
    /// The input that must give the picture back, `[1, H, W, C]`, for the coarsest picture `real` and the run's seed.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] or [`crate::Error::Picture`] where it cannot be made.
    fn fixed(&self, real: &Tensor, seed: u64) -> Result<Tensor>;

    /// Overwrites `target [1, H, W, C]` with the input of a fake at a moment of training, or of a sample; `target` may have
    /// another size than the coarsest picture.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] or [`crate::Error::Picture`] where it cannot be made.
    fn fill(&self, target: &Tensor, moment: Moment) -> Result<()>;

    /// An input of stage 0 (`[1, H, W, C]` of the coarsest size) for this moment of training, and the picture that it must
    /// give, of the size of `real`, the stage's picture: in place of the fixed input and `real`. `None`, in every iteration
    /// alike: those two.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] or [`crate::Error::Picture`] where it cannot be made.
    fn example(&self, _real: &Tensor, _moment: Moment) -> Result<Option<Example>> {
        Ok(None)
    }
}

/// What the reconstruction loss is taken of.
#[derive(Debug)]
pub struct Example {
    /// Stage 0's input.
    pub input: Tensor,
    /// What it must give.
    pub target: Tensor,
}

/// Generation's: the picture gives itself back, fakes come from noise.
#[derive(Clone, Copy, Debug)]
pub struct Noise;

impl FirstInput for Noise {
    fn fixed(&self, real: &Tensor, _: u64) -> Result<Tensor> {
        Ok(real.clone())
    }

    fn fill(&self, target: &Tensor, moment: Moment) -> Result<()> {
        Ok(kernels::fill_normal(target, moment.noise())?)
    }
}
