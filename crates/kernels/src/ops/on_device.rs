//! Macros that extend an operation's CPU version to the GPU and to the emulated GPU (see the module `gpu`).

/// Defines candle's `cuda_fwd` for an operation that implements `DeviceOp`.
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

/// Placed first in a CPU version: while emulation is active, runs the kernels' source compiled for the CPU
/// and returns its result.
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
