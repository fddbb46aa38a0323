//! Convolution, its input gradient and its weight gradient. The derivatives of these three operations are
//! again these three operations.
//!
//! Activations are `[N, H, W, C]` (channels last), weights `[C_out, C_in, k, k]` with k odd (PyTorch's
//! layout), stride 1, zero padding `pad` on every side. The input gradient of a convolution is a convolution
//! with the kernel flipped, the channels swapped and padding `k - 1 - pad`, so the same code computes both.

use super::activation::{Activation, activation_grad};
use super::on_device::{cuda_fwd, emulated};
use crate::precision::Precision;
use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use cpu::{ConvShape, Epilogue, Filter};

/// How a convolution is computed. A plain number converts to that padding with the default precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conv2d {
    /// Width of the border of zeros on every side of the input, in pixels; at most `k - 1`.
    pub pad: usize,
    /// Precision of the products on a GPU. The CPU ignores it and always computes in f32.
    pub precision: Precision,
}

impl From<usize> for Conv2d {
    fn from(pad: usize) -> Self {
        Self { pad, precision: Precision::default() }
    }
}

/// `y = conv(x, w) + bias`, then LeakyReLU with `slope` if one is given.
///
/// With `x [N, H, W, Ci]`, `w [Co, Ci, k, k]` and `bias [Co]` the result is
/// `[N, H + 2 pad - k + 1, W + 2 pad - k + 1, Co]`. Differentiable with respect to all three.
///
/// # Errors
/// If `x` or `w` does not have four axes, their channels differ, the kernel is not square with an odd side,
/// the padded picture is smaller than the kernel, or `bias` is not `[Co]`; if a tensor is not f32 and
/// contiguous, if the tensors are on different devices, or if the GPU fails.
pub fn conv2d(
    x: &Tensor,
    w: &Tensor,
    bias: Option<&Tensor>,
    conv: impl Into<Conv2d>,
    slope: Option<f32>,
) -> Result<Tensor> {
    let conv = conv.into();
    match (bias, slope) {
        (Some(bias), _) => x.apply_op3(w, bias, ConvBias { conv, slope }),
        (None, None) => x.apply_op2(w, Conv { conv, direction: Direction::Forward }),
        (None, Some(slope)) => {
            crate::activate(&conv2d(x, w, None, conv, None)?, Activation::LeakyRelu(slope))
        }
    }
}

/// `y = conv(x, w) * (by > 0 ? 1 : slope)`, with `by` of the shape of the result: a convolution multiplied by
/// the derivative of LeakyReLU at `by`. `x [N, H, W, Ci]`, `w [Co, Ci, k, k]`. Not differentiable.
///
/// # Errors
/// If the shapes do not fit as in [`conv2d`] or `by` does not have the shape of the result; if a tensor is
/// not f32 and contiguous, if the tensors are on different devices, or if the GPU fails.
pub fn conv2d_masked(
    x: &Tensor,
    w: &Tensor,
    by: &Tensor,
    conv: impl Into<Conv2d>,
    slope: f32,
) -> Result<Tensor> {
    let conv = conv.into();
    x.apply_op3_no_bwd(w, by, &ConvMasked { conv, slope, direction: Direction::Forward })
}

/// The gradient `[N, H, W, Ci]` of `conv2d(x, w)` with respect to `x`, given
/// `gy [N, H + 2 pad - k + 1, W + 2 pad - k + 1, Co]` and `w [Co, Ci, k, k]`. `conv` is the one that `conv2d`
/// was called with.
///
/// With `mask = (by, slope)` the result is multiplied by the derivative of LeakyReLU at `by` (of the shape of
/// `x`). Differentiable without a mask.
///
/// # Errors
/// If the shapes do not fit as in [`conv2d`], `pad` is larger than `k - 1`, or `by` does not have the shape
/// of the result; if a tensor is not f32 and contiguous, if the tensors are on different devices, or if the
/// GPU fails.
pub fn conv2d_input_grad(
    gy: &Tensor,
    w: &Tensor,
    conv: impl Into<Conv2d>,
    mask: Option<(&Tensor, f32)>,
) -> Result<Tensor> {
    let conv = conv.into();
    match mask {
        None => gy.apply_op2(w, Conv { conv, direction: Direction::Backward }),
        Some((by, slope)) => {
            gy.apply_op3_no_bwd(w, by, &ConvMasked { conv, slope, direction: Direction::Backward })
        }
    }
}

/// The gradients of `conv2d(x, w, bias)` with respect to `w` (`[Co, Ci, k, k]`) and `bias` (`[Co]`), summed
/// over the batch, given `x [N, H, W, Ci]` and `gy [N, H + 2 pad - k + 1, W + 2 pad - k + 1, Co]`.
/// Differentiable.
///
/// # Errors
/// If `x` or `gy` does not have four axes, or `gy` does not have the batch, height and width of the result of
/// the convolution; if a tensor is not f32 and contiguous, if the tensors are on different devices, or if the
/// GPU fails.
pub fn conv2d_weight_grad(
    x: &Tensor,
    gy: &Tensor,
    k: usize,
    conv: impl Into<Conv2d>,
) -> Result<(Tensor, Tensor)> {
    let (ci, co) = (x.dim(3)?, gy.dim(3)?);
    let both = x.apply_op2(gy, WeightGrad { k, conv: conv.into() })?;
    let n = co * ci * k * k;
    Ok((both.narrow(0, 0, n)?.reshape((co, ci, k, k))?, both.narrow(0, n, co)?))
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

pub(crate) struct Conv {
    pub(crate) conv: Conv2d,
    pub(crate) direction: Direction,
}

pub(crate) struct ConvBias {
    pub(crate) conv: Conv2d,
    pub(crate) slope: Option<f32>,
}

pub(crate) struct ConvMasked {
    pub(crate) conv: Conv2d,
    pub(crate) slope: f32,
    pub(crate) direction: Direction,
}

pub(crate) struct WeightGrad {
    pub(crate) k: usize,
    pub(crate) conv: Conv2d,
}

/// Checks the operands; returns the shape for the crate `cpu`, and the dimensions of the result.
pub(crate) fn conv_shape(
    lx: &Layout,
    lw: &Layout,
    pad: usize,
    direction: Direction,
) -> Result<(ConvShape, [usize; 4])> {
    let (n, h, w, c) = lx.shape().dims4()?;
    let (co, ci, k, kw) = lw.shape().dims4()?;
    let (ci, co, pad) = match direction {
        Direction::Forward => (ci, co, Some(pad)),
        Direction::Backward => (co, ci, (k - 1).checked_sub(pad)),
    };
    let Some(pad) = pad else { bail!("conv2d: padding must be at most {} for its input gradient", k - 1) };
    if k != kw || k % 2 == 0 || c != ci || h + 2 * pad < k || w + 2 * pad < k {
        bail!(
            "conv2d: input {:?} and weight {:?} do not fit (padding {pad}, odd square kernels)",
            lx.dims(),
            lw.dims()
        )
    }
    let out = [n, h + 2 * pad + 1 - k, w + 2 * pad + 1 - k, co];
    Ok((ConvShape { n, h, w, ci, co, k, pad }, out))
}

/// Checks the operands of a weight gradient; returns the shape of the convolution.
pub(crate) fn weight_grad_shape(lx: &Layout, lg: &Layout, k: usize, pad: usize) -> Result<ConvShape> {
    let ((n, h, w, ci), (gn, gh, gw, co)) = (lx.shape().dims4()?, lg.shape().dims4()?);
    if (gn, gh + k, gw + k) != (n, h + 2 * pad + 1, w + 2 * pad + 1) {
        bail!(
            "conv2d_weight_grad: input {:?} and gradient {:?} do not fit a kernel of {k}",
            lx.dims(),
            lg.dims()
        )
    }
    Ok(ConvShape { n, h, w, ci, co, k, pad })
}

fn run<'a>(
    (x, lx): (&CpuStorage, &Layout),
    (w, lw): (&CpuStorage, &Layout),
    pad: usize,
    direction: Direction,
    epilogue: impl FnOnce(&[usize; 4]) -> Result<Epilogue<'a>>,
) -> Result<(CpuStorage, Shape)> {
    let (shape, out) = conv_shape(lx, lw, pad, direction)?;
    let (x, w, epilogue) = (values(x, lx)?, values(w, lw)?, epilogue(&out)?);
    let filter = if direction == Direction::Forward { Filter::Forward(w) } else { Filter::Transposed(w) };
    let y = filled(out.iter().product(), |y| cpu::conv(&shape, x, filter, epilogue, y));
    Ok((y, Shape::from(out.to_vec())))
}

impl CustomOp2 for Conv {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x lx, w lw);
        run((x, lx), (w, lw), self.conv.pad, self.direction, |_| Ok(Epilogue::None))
    }

    cuda_fwd!(x lx, w lw);

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        gy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (gy, k) = (gy.contiguous()?, w.dim(2)?);
        Ok(match self.direction {
            Direction::Forward => (
                Some(conv2d_input_grad(&gy, w, self.conv, None)?),
                Some(conv2d_weight_grad(x, &gy, k, self.conv)?.0),
            ),
            // y = input_grad(x, w) is linear in x; the transpose of that linear map is the convolution
            // itself.
            Direction::Backward => (
                Some(conv2d(&gy, w, None, self.conv, None)?),
                Some(conv2d_weight_grad(&gy, x, k, self.conv)?.0),
            ),
        })
    }
}

impl CustomOp3 for ConvBias {
    fn name(&self) -> &'static str {
        "conv2d_bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x lx, w lw, b lb);
        run((x, lx), (w, lw), self.conv.pad, Direction::Forward, |out| {
            if lb.dims() != [out[3]] {
                bail!("conv2d: bias {:?} for {} channels", lb.dims(), out[3])
            }
            Ok(Epilogue::Bias { bias: values(b, lb)?, slope: self.slope })
        })
    }

    cuda_fwd!(x lx, w lw, b lb);

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        y: &Tensor,
        gy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut gy = gy.contiguous()?;
        if let Some(slope) = self.slope {
            gy = activation_grad(Activation::LeakyRelu(slope), y, &gy)?;
        }
        let (dw, db) = conv2d_weight_grad(x, &gy, w.dim(2)?, self.conv)?;
        Ok((Some(conv2d_input_grad(&gy, w, self.conv, None)?), Some(dw), Some(db)))
    }
}

impl CustomOp3 for ConvMasked {
    fn name(&self) -> &'static str {
        "conv2d_masked"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        by: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x lx, w lw, by lb);
        run((x, lx), (w, lw), self.conv.pad, self.direction, |out| {
            if lb.dims() != out {
                bail!("conv2d_masked: the mask is {:?}, the result {out:?}", lb.dims())
            }
            Ok(Epilogue::Mask { by: values(by, lb)?, slope: self.slope })
        })
    }

    cuda_fwd!(x lx, w lw, by lb);
}

impl CustomOp2 for WeightGrad {
    fn name(&self) -> &'static str {
        "conv2d_weight_grad"
    }

    /// Returns one flat tensor, the gradient of the weight followed by that of the bias, because a candle
    /// operation has one result.
    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        gy: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x lx, gy lg);
        let shape = weight_grad_shape(lx, lg, self.k, self.conv.pad)?;
        let ConvShape { ci, co, k, .. } = shape;
        let (x, gy) = (values(x, lx)?, values(gy, lg)?);
        let mut both = vec![0f32; co * ci * k * k + co];
        let (dw, db) = both.split_at_mut(co * ci * k * k);
        cpu::weight_grad(&shape, x, gy, dw, Some(db));
        let len = both.len();
        Ok((CpuStorage::F32(both), Shape::from(len)))
    }

    cuda_fwd!(x lx, gy lg);

    fn bwd(
        &self,
        x: &Tensor,
        gy: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (ci, co) = (x.dim(3)?, gy.dim(3)?);
        let n = co * ci * self.k * self.k;
        let gw = g.narrow(0, 0, n)?.reshape((co, ci, self.k, self.k))?.contiguous()?;
        let gb = g.narrow(0, n, co)?.contiguous()?;
        let gx = conv2d_input_grad(gy, &gw, self.conv, None)?;
        Ok((Some(gx), Some(conv2d(x, &gw, Some(&gb), self.conv, None)?)))
    }
}
