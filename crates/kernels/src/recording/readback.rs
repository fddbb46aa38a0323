//! Values on their way from a device to the CPU.

#[cfg(feature = "cuda")]
use super::pinned;
use candle_core::{Result, Tensor};

/// Reads a tensor of a fixed place again and again without keeping the device waiting: [`Readback::start`] asks for the values
/// that it has at that point of the device's work, more work can be queued meanwhile, [`Readback::finish`] waits for them.
pub struct Readback {
    tensor: Tensor,
    state: State,
}

enum State {
    /// Values that are there, or none were asked for.
    Host(Option<Vec<f32>>),
    #[cfg(feature = "cuda")]
    Pinned(pinned::PinnedReadback),
}

impl std::fmt::Debug for Readback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readback").field("tensor", &self.tensor).finish_non_exhaustive()
    }
}

impl Readback {
    /// Of a contiguous `tensor` of f32, which is read whenever asked for and may be overwritten between.
    ///
    /// # Errors
    /// Where the GPU has no memory for it, or the tensor is not contiguous f32.
    pub fn new(tensor: &Tensor) -> Result<Self> {
        #[cfg(feature = "cuda")]
        if let candle_core::Device::Cuda(gpu) = tensor.device() {
            let gpu = pinned::PinnedReadback::new(gpu, tensor.elem_count())?;
            return Ok(Readback { tensor: tensor.clone(), state: State::Pinned(gpu) });
        }
        Ok(Readback { tensor: tensor.clone(), state: State::Host(None) })
    }

    /// Asks for the values. What was asked for before and not fetched is dropped.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn start(&mut self) -> Result<()> {
        match &mut self.state {
            State::Host(values) => *values = Some(self.tensor.flatten_all()?.to_vec1()?),
            #[cfg(feature = "cuda")]
            State::Pinned(gpu) => gpu.start(&self.tensor)?,
        }
        Ok(())
    }

    /// The values that were asked for, once they are there; none if there are none under way.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn finish(&mut self) -> Result<Option<Vec<f32>>> {
        match &mut self.state {
            State::Host(values) => Ok(values.take()),
            #[cfg(feature = "cuda")]
            State::Pinned(gpu) => gpu.finish(),
        }
    }
}
