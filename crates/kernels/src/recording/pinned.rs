//! Values that a GPU writes into the processor's memory by itself.

#![allow(unsafe_code)] // memory that is not initialised until the GPU has written it

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaEvent, PinnedHostSlice};
use candle_core::{CudaDevice, Result, Storage, Tensor, bail};

/// [`crate::Readback`] on a GPU: a copy in the stream, and an event after it. Pinned memory has an event of its own, but that
/// is recorded only where events keep streams apart, which [`cuda_device`] turns off.
pub(crate) struct PinnedReadback {
    /// Memory that a GPU can write to by itself.
    values: PinnedHostSlice<f32>,
    arrived: CudaEvent,
    under_way: bool,
}

impl PinnedReadback {
    pub(crate) fn new(gpu: &CudaDevice, len: usize) -> Result<Self> {
        let stream = gpu.cuda_stream();
        // SAFETY: nothing is read before a copy has filled it.
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
            // The memory is given back after this. An error has been reported, or will be, where the stream is used next.
            let _ = self.arrived.synchronize();
        }
    }
}
