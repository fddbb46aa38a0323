//! Weights kept in the order in which a GPU's convolutions read them.

#[cfg(any(feature = "cuda", feature = "emulate"))]
use crate::gpu::pack::Token;
use crate::precision::Precision;
use candle_core::{Result, Tensor};
use std::marker::PhantomData;

/// Says that weights do not change for as long as it lives. It counts on the thread that made it, which it cannot leave; several
/// may be dropped in any order.
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

/// Packs convolution weights `[C_out, C_in, k, k]` once for all convolutions and input gradients with them and this precision, in
/// one launch; otherwise each of these packs its own. While what is returned lives, the results of convolutions with weights that
/// are written to are not defined. On the CPU nothing is done.
///
/// # Errors
/// Where a tensor is no convolution weight, or the GPU fails.
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
