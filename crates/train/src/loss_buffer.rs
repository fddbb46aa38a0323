//! Where an iteration leaves its losses on the device, and how they come from there.

use crate::{Losses, Result};
use candle_core::{DType, Device, Tensor};
use kernels::Readback;
use model::CriticStep;

/// The losses of the last iteration on the device, `[5]`, always in the same memory: what is recorded writes them there.
#[derive(Debug)]
pub struct LossBuffer(Tensor);

impl LossBuffer {
    pub(crate) fn new(device: &Device) -> Result<Self> {
        Ok(Self(Tensor::zeros(5, DType::F32, device)?))
    }

    /// Leaves the losses of a critic step.
    pub(crate) fn set_critic(&self, step: &CriticStep) -> Result<()> {
        for (place, loss) in [&step.real, &step.fake, &step.penalty].into_iter().enumerate() {
            self.0.slice_set(loss, 0, place)?;
        }
        Ok(())
    }

    /// Leaves the fake's score and the reconstruction's weighted error of a generator step.
    pub(crate) fn set_generator(&self, score: &Tensor, reconstruction: &Tensor) -> Result<()> {
        self.0.slice_set(score, 0, 3)?;
        Ok(self.0.slice_set(reconstruction, 0, 4)?)
    }

    /// Reads the losses from the device, for which it waits.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the device fails.
    pub fn read(&self) -> Result<Losses> {
        Ok(losses(&self.0.to_vec1()?))
    }
}

/// The losses of the buffer's values. The generator's adversarial loss is the negative of the score.
fn losses(values: &[f32]) -> Losses {
    let value = |place: usize| values.get(place).copied().unwrap_or(f32::NAN);
    Losses {
        d_real: value(0),
        d_fake: value(1),
        gradient_penalty: value(2),
        g_adversarial: -value(3),
        reconstruction: value(4),
    }
}

/// Losses that are fetched an iteration later, when the next one is queued: a GPU then has something to do meanwhile.
#[derive(Debug)]
pub(crate) struct LateLosses {
    readback: Readback,
    /// The iteration whose losses are under way.
    under_way: Option<usize>,
}

impl LateLosses {
    pub(crate) fn new(buffer: &LossBuffer) -> Result<Self> {
        Ok(Self { readback: Readback::new(&buffer.0)?, under_way: None })
    }

    /// Losses with their iterations' numbers, in order: those that are under way, and then, where `at_once`, also those of
    /// iteration `asked`, the last one that was queued. Else these come next time.
    pub(crate) fn fetch(&mut self, asked: Option<usize>, at_once: bool) -> Result<Vec<(usize, Losses)>> {
        let mut arrived = Vec::new();
        arrived.extend(self.finish()?);
        if let Some(iteration) = asked {
            self.readback.start()?;
            self.under_way = Some(iteration);
        }
        if at_once {
            arrived.extend(self.finish()?);
        }
        Ok(arrived)
    }

    fn finish(&mut self) -> Result<Option<(usize, Losses)>> {
        let found = self.readback.finish()?;
        Ok(self.under_way.take().zip(found).map(|(iteration, values)| (iteration, losses(&values))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_come_when_the_next_iteration_is_queued_or_at_once() -> Result<()> {
        let buffer = LossBuffer::new(&Device::Cpu)?;
        let mut late = LateLosses::new(&buffer)?;
        let mut iteration = |n: usize, asked: bool, at_once: bool| -> Result<Vec<(usize, f32)>> {
            buffer.0.slice_set(&Tensor::full(n as f32, 5, &Device::Cpu)?, 0, 0)?;
            let arrived = late.fetch(asked.then_some(n), at_once)?;
            Ok(arrived.into_iter().map(|(n, losses)| (n, losses.d_real)).collect())
        };
        assert_eq!(iteration(1, true, false)?, []);
        assert_eq!(iteration(2, false, false)?, [(1, 1.0)]);
        assert_eq!(iteration(3, true, false)?, []);
        assert_eq!(iteration(4, true, true)?, [(3, 3.0), (4, 4.0)]);
        assert_eq!(iteration(5, false, true)?, []);
        assert_eq!(iteration(6, true, true)?, [(6, 6.0)]);
        Ok(())
    }
}
