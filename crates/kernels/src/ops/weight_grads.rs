//! Weight gradients of several convolutions at once.

use super::conv::{Conv2d, conv2d_weight_grad};
#[cfg(any(feature = "cuda", feature = "emulate"))]
use super::on_device::{cuda_fwd, emulated};
#[cfg(any(feature = "cuda", feature = "emulate"))]
use candle_core::{CpuStorage, CustomOp1, Layout, Shape, bail};
use candle_core::{Result, Tensor};

/// A convolution whose weight gradient is wanted: see [`conv2d_weight_grad`].
#[derive(Clone, Debug)]
pub struct WeightGradOf {
    /// The convolution's input `[N, H, W, Ci]`.
    pub x: Tensor,
    /// The gradient at its output `[N, H + 2 pad - k + 1, W + 2 pad - k + 1, Co]`.
    pub gy: Tensor,
    /// A second such pair, of the same shapes but for the batch, whose weight gradient is added; the bias's gradient is that of
    /// the first pair alone.
    pub second: Option<(Tensor, Tensor)>,
    /// The kernel's side k.
    pub kernel: usize,
    /// How the convolution is computed.
    pub conv: Conv2d,
}

/// Weight gradients that are wanted by the end of a backward pass. A GPU computes them together then, with a launch for
/// each kind of layer and one for the sums instead of two each; the CPU computes each as it is asked for, so that nothing is kept for it.
#[derive(Debug, Default)]
pub struct WeightGrads {
    done: Vec<(Tensor, Tensor)>,
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    waiting: Vec<WeightGradOf>,
}

impl WeightGrads {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one more; returns its place in what [`WeightGrads::compute`] returns. All must be on one device.
    ///
    /// # Errors
    /// Where shapes do not fit each other, or tensors are on several devices.
    pub fn add(&mut self, of: WeightGradOf) -> Result<usize> {
        #[cfg(any(feature = "cuda", feature = "emulate"))]
        {
            let on_device = crate::gpu::takes(of.x.device());
            let mixed = if on_device { !self.done.is_empty() } else { !self.waiting.is_empty() };
            if mixed {
                bail!("WeightGrads: all must be on one device, this one is on {:?}", of.x.device())
            }
            if on_device {
                self.waiting.push(of);
                return Ok(self.waiting.len() - 1);
            }
        }
        let WeightGradOf { x, gy, second, kernel, conv } = of;
        let (mut dw, db) = conv2d_weight_grad(&x, &gy, kernel, conv)?;
        if let Some((x, gy)) = second {
            dw = (dw + conv2d_weight_grad(&x, &gy, kernel, conv)?.0)?;
        }
        self.done.push((dw, db));
        Ok(self.done.len() - 1)
    }

    /// The gradients of weight (`[Co, Ci, k, k]`) and bias (`[Co]`) in the order asked for. Not differentiable.
    ///
    /// # Errors
    /// Where the device fails.
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

/// On devices: one flat result, of each the weight's gradient and behind it the bias's.
#[cfg(any(feature = "cuda", feature = "emulate"))]
pub(crate) struct Together<'a>(pub(crate) &'a [WeightGradOf]);

#[cfg(any(feature = "cuda", feature = "emulate"))]
impl CustomOp1 for Together<'_> {
    fn name(&self) -> &'static str {
        "weight_grads"
    }

    fn cpu_fwd(&self, _x: &CpuStorage, _lx: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, _x _lx);
        bail!("weight_grads is for devices")
    }

    cuda_fwd!(x lx);
}
