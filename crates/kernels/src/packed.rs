//! Weights kept in the order in which a card's convolutions read them.

use candle_core::{Result, Tensor};

/// Says that weights do not change for as long as it lives. Lives on the thread that made it, like a scope: what was made last
/// goes first.
#[must_use = "weights are packed for as long as this lives"]
pub struct Packed {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    _kept: Option<crate::device::pack::Kept>,
}

/// Packs convolution weights `[C_out, C_in, k, k]` once for all convolutions and input gradients with them, in one launch; else each
/// packs its own. They must not be written to while what is returned lives. On the CPU nothing is done.
pub fn keep_packed(weights: Vec<Tensor>) -> Result<Packed> {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        let on_device = weights.first().is_some_and(|w| crate::device::takes(w.device()));
        Ok(Packed { _kept: if on_device { crate::device::keep_packed(weights)? } else { None } })
    }
    #[cfg(not(any(feature = "cuda", feature = "emulate")))]
    {
        let _ = weights;
        Ok(Packed {})
    }
}
