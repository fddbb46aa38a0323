//! The naive picture as the input of a run that is trained on it.

use crate::Result;
use candle_core::Tensor;
use ndarray::Array3;
use train::pictures::{add_noise, overwrite, pixels, resized};
use train::{Example, FirstInput, Moment};

/// Stage 0's input of a fine-tuning run: the naive picture, with noise of some deviation that is fresh each
/// time.
#[derive(Debug)]
pub(crate) struct NaiveInput {
    picture: Array3<f32>,
    fixed: Tensor,
    noise: f64,
    /// The task's own input, whose examples are still used.
    task: Box<dyn FirstInput>,
}

impl NaiveInput {
    /// `picture` as the run stores it, and the run's fixed input.
    pub(crate) fn new(
        picture: &Tensor,
        fixed: Tensor,
        noise: f64,
        task: Box<dyn FirstInput>,
    ) -> Result<Self> {
        Ok(Self { picture: pixels(picture)?, fixed, noise, task })
    }
}

impl FirstInput for NaiveInput {
    fn fixed(&self, _: &Tensor, _: u64) -> train::Result<Tensor> {
        Ok(self.fixed.clone())
    }

    fn fill(&self, target: &Tensor, moment: Moment) -> train::Result<()> {
        let (_, h, w, _) = target.dims4()?;
        overwrite(target, &resized(&self.picture, (h, w))?)?;
        if self.noise > 0.0 {
            target.slice_set(&add_noise(target, moment.noise(), self.noise)?, 0, 0)?;
        }
        Ok(())
    }

    fn example(&self, real: &Tensor, moment: Moment) -> train::Result<Option<Example>> {
        self.task.example(real, moment)
    }
}
