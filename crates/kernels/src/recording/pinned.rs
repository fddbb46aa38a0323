//! Values that a GPU copies into host memory asynchronously.

#![allow(unsafe_code)] // allocates memory that is uninitialised until the GPU has written it

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaEvent, PinnedHostSlice};
use candle_core::{CudaDevice, Result, Storage, Tensor, bail};

/// [`crate::Readback`] on a GPU: a copy in the stream, followed by an event. Pinned memory has an event of
/// its own, but that is recorded only while event tracking is enabled, and [`crate::cuda_device`] disables
/// it.
pub(crate) struct PinnedReadback {
    /// Pinned host memory, which the GPU can write to asynchronously.
    values: PinnedHostSlice<f32>,
    arrived: CudaEvent,
    under_way: bool,
}

impl PinnedReadback {
    pub(crate) fn new(gpu: &CudaDevice, len: usize) -> Result<Self> {
        let stream = gpu.cuda_stream();
        // SAFETY: the memory is not read before a copy has filled it.
        let values = unsafe { stream.context().alloc_pinned_with_flags(len, 0) }.w()?;
        let arrived = stream.context().new_event(None).w()?;
        Ok(PinnedReadback { values, arrived, under_way: false })
    }

    pub(crate) fn start(&mut self, tensor: &Tensor) -> Result<()> {
        let (storage, layout) = tensor.storage_and_layout();
        let (Storage::Cuda(storage), Some((from, to))) = (&*storage, layout.contiguous_offsets()) else {
            bail!("a contiguous tensor on a GPU is needed, this one is {layout:?}")
        };
        let stream = storage.device.cuda_stream();
        stream.memcpy_dtoh(&storage.as_cuda_slice::<f32>()?.slice(from..to), &mut self.values).w()?;
        self.arrived.record(&stream).w()?;
        self.under_way = true;
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<Option<Vec<f32>>> {
        if !std::mem::take(&mut self.under_way) {
            return Ok(None);
        }
        self.arrived.synchronize().w()?;
        Ok(Some(self.values.as_slice().w()?.to_vec()))
    }
}

impl Drop for PinnedReadback {
    fn drop(&mut self) {
        if self.under_way {
            // The copy must end before the memory is freed. An error is ignored: the next use of the stream
            // reports it.
            let _ = self.arrived.synchronize();
        }
    }
}
