//! What an operation adds to its CPU version so that it also runs elsewhere (see `device`).

/// candle's entry for a GPU; the operation is a `DeviceOp`.
macro_rules! cuda_fwd {
    ($($s:ident $l:ident),+) => {
        #[cfg(feature = "cuda")]
        fn cuda_fwd(
            &self,
            $($s: &candle_core::CudaStorage, $l: &Layout),+
        ) -> Result<(candle_core::CudaStorage, Shape)> {
            crate::gpu::cuda::run(self, &[$(($s, $l)),+])
        }
    };
}

/// At the beginning of a CPU version: tests may want the kernels' source to be run instead.
macro_rules! emulated {
    ($self:ident, $($s:ident $l:ident),+) => {
        #[cfg(feature = "emulate")]
        {
            if crate::gpu::emulated::active() {
                return crate::gpu::emulated::run($self, &[$(($s, $l)),+]);
            }
        }
    };
}

pub(crate) use {cuda_fwd, emulated};
