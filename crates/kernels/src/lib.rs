#![doc = include_str!("../README.md")]

#[cfg(any(feature = "cuda", feature = "emulate"))]
mod gpu;
#[cfg(feature = "mimalloc")]
mod memory;
mod ops;
mod precision;
mod recording;
mod storage;

pub use cpu::{Path as CpuPath, PathError, cpu_path, fma_peak, set_threads, threads};
#[cfg(feature = "cuda")]
pub use gpu::cuda::{cuda_device, gpu_memory};
#[cfg(feature = "emulate")]
pub use gpu::emulated::{Launch, emulate, emulate_gpu, launches};
#[cfg(feature = "mimalloc")]
pub use memory::{keep_freed_memory, return_freed_memory};
pub use ops::activation::{
    Activation, activate, activation_grad, negative_product, prelu, prelu_grad, prelu_slope_grad,
};
pub use ops::adam::{AdamStep, AdamUpdate, Decay, adam};
pub use ops::border::{crop, crop_plus, pad};
pub use ops::conv::{Conv2d, conv2d, conv2d_input_grad, conv2d_masked, conv2d_weight_grad};
pub use ops::loss::{batch_means, constant, gradient_penalty, mix, mse};
pub use ops::noise::{Stream, fill_normal, normal, uniform};
pub use ops::norm::{norm, norm_grad, norm_stats};
pub use ops::norm_sums::{Gathered, NormSums};
pub use ops::packed::{Packed, keep_packed};
pub use ops::resize::{Wrap, bicubic, bicubic_grad, bicubic_grad_plus, bicubic_plus, bicubic_wrapped};
pub use ops::resize_rows::{RowsOf, bicubic_rows};
pub use ops::weight_grads::{WeightGradOf, WeightGrads};
pub use precision::Precision;
#[cfg(feature = "cuda")]
pub use recording::profile::{KernelTime, profile};
pub use recording::readback::Readback;
pub use recording::replay::Replay;
