//! Convolution weights kept in the memory order that the GPU kernels read.

#[cfg(any(feature = "cuda", feature = "emulate"))]
use crate::gpu::pack::Token;
use crate::precision::Precision;
use candle_core::{Result, Tensor};
use std::marker::PhantomData;

/// A guard: while it lives, the weights given to [`keep_packed`] stay packed and must not change. It applies
/// to operations started by the thread that made it, and cannot be sent to another thread. Several guards may
/// be dropped in any order.
///
/// ```compile_fail
/// let packed = kernels::keep_packed(Vec::new(), kernels::Precision::Tf32).unwrap();
/// std::thread::spawn(move || drop(packed));
/// ```
#[must_use = "weights are packed for as long as this lives"]
pub struct Packed {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    _token: Option<Token>,
    _stays_on_its_thread: PhantomData<*const ()>,
}

/// Packs convolution weights `[C_out, C_in, k, k]` once, in one launch for up to 64 of them, for all later
/// convolutions and input gradients with these weights and this precision. Without it, each of these
/// operations packs its weights itself. If a weight is written to while the returned guard lives, the results
/// of convolutions with it are unspecified. On the CPU this does nothing.
///
/// # Errors
/// If a tensor on a GPU does not have four axes or is not f32 and contiguous, if the tensors are on different
/// devices, or if the GPU fails.
pub fn keep_packed(weights: Vec<Tensor>, precision: Precision) -> Result<Packed> {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        let device = weights.first().map(|w| w.device().clone()).filter(crate::gpu::takes);
        let token = match device {
            None => None,
            Some(device) => Some(Token::new(&crate::gpu::queue(&device)?, weights, precision)?),
        };
        Ok(Packed { _token: token, _stays_on_its_thread: PhantomData })
    }
    #[cfg(not(any(feature = "cuda", feature = "emulate")))]
    {
        let _ = (weights, precision);
        Ok(Packed { _stays_on_its_thread: PhantomData })
    }
}
