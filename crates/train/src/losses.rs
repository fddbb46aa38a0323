//! The losses of an iteration, and how they come to the host.

use crate::Result;
use candle_core::Tensor;
use kernels::Readback;

/// The losses of the last iteration, `[5]`: real and fake score and penalty of the last critic step, and the generator's
/// adversarial and (weighted) reconstruction loss.
#[derive(Debug)]
pub struct Losses(pub(crate) Tensor);

impl Losses {
    /// Names of the five losses, as they appear in the log.
    pub const NAMES: [&'static str; 5] =
        ["d_real", "d_fake", "gradient_penalty", "g_adversarial", "reconstruction"];

    /// Reads the values from the device, for which it waits.
    pub fn read(&self) -> Result<[f32; 5]> {
        Ok(values(self.0.to_vec1()?))
    }
}

/// Losses that the host fetches an iteration later, when the next one is queued: a card then has something to do meanwhile.
pub(crate) struct Late {
    readback: Readback,
    /// The iteration whose losses are under way.
    of: Option<usize>,
}

impl Late {
    pub(crate) fn new(losses: &Losses) -> Result<Self> {
        Ok(Late { readback: Readback::new(&losses.0)?, of: None })
    }

    /// Losses with their iterations' numbers, in order: those that are under way, and then, where `at_once`, also those of
    /// iteration `asked`, the last one that was queued. Else these come next time.
    pub(crate) fn fetch(&mut self, asked: Option<usize>, at_once: bool) -> Result<Vec<(usize, [f32; 5])>> {
        let mut arrived = Vec::new();
        arrived.extend(self.finish()?);
        if let Some(iteration) = asked {
            self.readback.start()?;
            self.of = Some(iteration);
        }
        if at_once {
            arrived.extend(self.finish()?);
        }
        Ok(arrived)
    }

    fn finish(&mut self) -> Result<Option<(usize, [f32; 5])>> {
        let found = self.readback.finish()?;
        Ok(self.of.take().zip(found).map(|(iteration, losses)| (iteration, values(losses))))
    }
}

fn values(losses: Vec<f32>) -> [f32; 5] {
    let mut values = [0.0; 5];
    values.copy_from_slice(&losses);
    // The fake's score stands there; the generator's loss is its negative.
    values[3] = -values[3];
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn losses_come_when_the_next_iteration_is_queued_or_at_once() {
        let tensor = Tensor::zeros(5, candle_core::DType::F32, &Device::Cpu).unwrap();
        let mut late = Late::new(&Losses(tensor.clone())).unwrap();
        let mut iteration = |n: usize, asked: bool, at_once: bool| -> Vec<(usize, f32)> {
            let losses = Tensor::full(n as f32, 5, &Device::Cpu).unwrap();
            tensor.slice_set(&losses, 0, 0).unwrap();
            let arrived = late.fetch(asked.then_some(n), at_once).unwrap();
            arrived.into_iter().map(|(n, losses)| (n, losses[0])).collect()
        };
        assert_eq!(iteration(1, true, false), []);
        assert_eq!(iteration(2, false, false), [(1, 1.0)]);
        assert_eq!(iteration(3, true, false), []);
        assert_eq!(iteration(4, true, true), [(3, 3.0), (4, 4.0)]);
        assert_eq!(iteration(5, false, true), []);
        assert_eq!(iteration(6, true, true), [(6, 6.0)]);
    }
}
