//! Weight gradients of several convolutions, computed together on a GPU.

use super::conv::{Conv2d, conv2d_weight_grad};
#[cfg(any(feature = "cuda", feature = "emulate"))]
use super::on_device::{cuda_fwd, emulated};
#[cfg(any(feature = "cuda", feature = "emulate"))]
use candle_core::{CpuStorage, CustomOp1, Layout, Shape, bail};
use candle_core::{Result, Tensor};

/// A request for the weight gradient of one convolution; see [`conv2d_weight_grad`].
#[derive(Clone, Debug)]
pub struct WeightGradOf {
    /// The convolution's input `[N, H, W, Ci]`.
    pub x: Tensor,
    /// The gradient with respect to its output, `[N, H + 2 pad - k + 1, W + 2 pad - k + 1, Co]`.
    pub gy: Tensor,
    /// An optional second pair (`x`, `gy`), which may differ from the first in the batch size only. Its
    /// weight gradient is added to that of the first pair; the gradient of the bias is that of the first pair
    /// alone.
    pub second: Option<(Tensor, Tensor)>,
    /// The side `k` of the kernel, odd.
    pub kernel: usize,
    /// How the convolution is computed.
    pub conv: Conv2d,
}

/// Collects the weight gradients of a backward pass. A GPU computes them together in
/// [`WeightGrads::compute`], with one launch for each kind of layer and one for the sums instead of two
/// launches for each layer. The CPU computes each in [`WeightGrads::add`], so that the operands can be freed.
#[derive(Debug, Default)]
pub struct WeightGrads {
    done: Vec<(Tensor, Tensor)>,
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    waiting: Vec<WeightGradOf>,
}

impl WeightGrads {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a request; returns its index in the result of [`WeightGrads::compute`]. All tensors must be on
    /// one device.
    ///
    /// # Errors
    /// If the device differs from that of the earlier requests; on the CPU also if the shapes do not fit, as
    /// in [`conv2d_weight_grad`].
    pub fn add(&mut self, request: WeightGradOf) -> Result<usize> {
        #[cfg(any(feature = "cuda", feature = "emulate"))]
        {
            let on_device = crate::gpu::takes(request.x.device());
            let mixed = if on_device { !self.done.is_empty() } else { !self.waiting.is_empty() };
            if mixed {
                bail!("WeightGrads: all must be on one device, this one is on {:?}", request.x.device())
            }
            if on_device {
                self.waiting.push(request);
                return Ok(self.waiting.len() - 1);
            }
        }
        let WeightGradOf { x, gy, second, kernel, conv } = request;
        let (mut dw, db) = conv2d_weight_grad(&x, &gy, kernel, conv)?;
        if let Some((x, gy)) = second {
            dw = (dw + conv2d_weight_grad(&x, &gy, kernel, conv)?.0)?;
        }
        self.done.push((dw, db));
        Ok(self.done.len() - 1)
    }

    /// The gradients of weight (`[Co, Ci, k, k]`) and bias (`[Co]`) of each request, in the order of the
    /// requests. Not differentiable.
    ///
    /// # Errors
    /// If the shapes of a request do not fit, as in [`conv2d_weight_grad`], if its second pair differs from
    /// the first in more than the batch size, if a tensor is not f32 and contiguous, or if the GPU fails.
    pub fn compute(self) -> Result<Vec<(Tensor, Tensor)>> {
        #[cfg(any(feature = "cuda", feature = "emulate"))]
        {
            if let Some(first) = self.waiting.first() {
                let all = first.x.apply_op1_no_bwd(&Together(&self.waiting))?;
                let mut from = 0;
                let mut part = |len: usize| {
                    from += len;
                    all.narrow(0, from - len, len)
                };
                let mut gradients = Vec::with_capacity(self.waiting.len());
                for WeightGradOf { x, gy, kernel: k, .. } in &self.waiting {
                    let (ci, co) = (x.dim(3)?, gy.dim(3)?);
                    gradients.push((part(co * ci * k * k)?.reshape((co, ci, *k, *k))?, part(co)?));
                }
                return Ok(gradients);
            }
        }
        Ok(self.done)
    }
}

/// All requests as one operation of a GPU. Its result is flat: for each request the gradient of the weight,
/// followed by that of the bias.
#[cfg(any(feature = "cuda", feature = "emulate"))]
pub(crate) struct Together<'a>(pub(crate) &'a [WeightGradOf]);

#[cfg(any(feature = "cuda", feature = "emulate"))]
impl CustomOp1 for Together<'_> {
    fn name(&self) -> &'static str {
        "weight_grads"
    }

    fn cpu_fwd(&self, _x: &CpuStorage, _lx: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, _x _lx);
        bail!("weight_grads is computed on a GPU only")
    }

    cuda_fwd!(x lx);
}
