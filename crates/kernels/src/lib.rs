//! The hot operations of ConSinGAN as candle custom ops.
//!
//! Everything works on f32 tensors, activations channels last (`[N, H, W, C]`), weights as PyTorch has them
//! (`[C_out, C_in, k, k]`). Results are the same bytes whatever the number of threads.
//!
//! - [`conv2d`], [`conv2d_input_grad`], [`conv2d_weight_grad`]: convolution and its two gradients, with bias, LeakyReLU and
//!   its mask fused in ([`conv2d_masked`]);
//! - [`activate`], [`prelu`] and their derivatives; [`norm`]: batch normalisation by the picture at hand;
//! - [`bicubic`]: the network's upsampling; [`normal`], [`uniform`]: counter-based noise;
//! - [`mse`], [`gradient_penalty`], [`batch_means`], [`mix`]: losses with their gradients; [`adam`]: the optimizer's step;

mod activation;
mod adam;
mod border;
mod conv;
mod cpu;
#[cfg(any(feature = "cuda", feature = "emulate"))]
mod device;
mod loss;
mod map;
#[cfg(feature = "mimalloc")]
mod memory;
mod noise;
mod norm;
mod on_device;
mod packed;
mod peak;
mod philox;
mod precision;
mod readback;
mod replay;
mod resize;
mod storage;
mod taps;
mod weight_grads;
mod widest;

pub use activation::{
    Activation, activate, activation_grad, negative_product, prelu, prelu_grad, prelu_slope_grad,
};
pub use adam::{AdamStep, AdamUpdate, Decay, adam};
pub use border::{crop, crop_plus, pad};
pub use conv::{Conv2d, conv2d, conv2d_input_grad, conv2d_masked, conv2d_weight_grad};
pub use cpu::path::{Path as CpuPath, PathError, cpu_path};
pub use cpu::pool::{set_threads, threads};
#[cfg(feature = "cuda")]
pub use device::cuda::{card_memory, cuda_device};
#[cfg(feature = "emulate")]
pub use device::host::{Launch, emulate, emulate_card, launches};
#[cfg(feature = "cuda")]
pub use device::profile::{KernelTime, profile};
pub use loss::{batch_means, constant, gradient_penalty, mix, mse};
#[cfg(feature = "mimalloc")]
pub use memory::keep_freed_memory;
pub use noise::{Stream, fill_normal, normal, uniform};
pub use norm::{norm, norm_grad, norm_stats};
pub use packed::{Packed, keep_packed};
pub use peak::fma_peak;
pub use precision::Precision;
pub use readback::Readback;
pub use replay::Replay;
pub use resize::{Wrap, bicubic, bicubic_grad, bicubic_grad_plus, bicubic_plus, bicubic_wrapped};
pub use weight_grads::{WeightGradOf, WeightGrads};
