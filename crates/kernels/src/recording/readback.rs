//! Reading values from a device while it continues to work.

#[cfg(feature = "cuda")]
use super::pinned;
use candle_core::{Result, Tensor};

/// Reads one tensor repeatedly without stalling the device. [`Readback::start`] requests the values that the
/// tensor has at that point in the queue of the device, more work can then be queued, and
/// [`Readback::finish`] waits for the values.
pub struct Readback {
    tensor: Tensor,
    state: State,
}

enum State {
    /// CPU: the values that were requested, if any.
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
    /// For a contiguous f32 `tensor` of any shape. It may be overwritten between reads.
    ///
    /// # Errors
    /// If the GPU cannot allocate pinned memory.
    pub fn new(tensor: &Tensor) -> Result<Self> {
        #[cfg(feature = "cuda")]
        if let candle_core::Device::Cuda(gpu) = tensor.device() {
            let readback = pinned::PinnedReadback::new(gpu, tensor.elem_count())?;
            return Ok(Readback { tensor: tensor.clone(), state: State::Pinned(readback) });
        }
        Ok(Readback { tensor: tensor.clone(), state: State::Host(None) })
    }

    /// Requests the values. An earlier request that was not fetched is dropped.
    ///
    /// # Errors
    /// If the tensor is not f32 (or, on a GPU, not contiguous), or if the GPU fails.
    pub fn start(&mut self) -> Result<()> {
        match &mut self.state {
            State::Host(values) => *values = Some(self.tensor.flatten_all()?.to_vec1()?),
            #[cfg(feature = "cuda")]
            State::Pinned(readback) => readback.start(&self.tensor)?,
        }
        Ok(())
    }

    /// Waits for the requested values and returns them, flattened; `None` if none were requested since the
    /// last call.
    ///
    /// # Errors
    /// If the GPU fails.
    pub fn finish(&mut self) -> Result<Option<Vec<f32>>> {
        match &mut self.state {
            State::Host(values) => Ok(values.take()),
            #[cfg(feature = "cuda")]
            State::Pinned(readback) => readback.finish(),
        }
    }
}
