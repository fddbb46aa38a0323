//! Bicubic resizing with aligned corners, which the networks use for upsampling, and its transpose.
//!
//! It computes PyTorch's `interpolate(mode="bicubic", align_corners=True)`: cubic convolution with A = -0.75,
//! four taps along each axis, and positions clamped at the border. The resize is a linear map along each
//! axis: each row of the result is a weighted sum of four rows of the input, each of whose columns is a
//! weighted sum of four columns.

use super::on_device::{cuda_fwd, emulated};
use crate::storage::{filled, values};
pub use cpu::resize::Wrap;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// Resizes `x [N, h, w, C]` to `[N, H, W, C]`, with `size = (H, W)` in pixels. Differentiable.
///
/// # Errors
/// If `x` does not have four axes, a side of the input or the result is 0, the tensor is not f32 and
/// contiguous, or the GPU fails.
pub fn bicubic(x: &Tensor, size: (usize, usize)) -> Result<Tensor> {
    x.apply_op1(Bicubic { size })
}

/// [`bicubic`] for periodic pictures. Along each axis selected by `wrap`, position `i` of the result lies at
/// `(i + 1/2) n_in / n_out - 1/2` of the input, and taps beyond one end are read from the other end. The
/// other axes are resized as in [`bicubic`]. Not differentiable.
///
/// # Errors
/// If `x` does not have four axes, a side of the input or the result is 0, the tensor is not f32 and
/// contiguous, or the GPU fails.
pub fn bicubic_wrapped(x: &Tensor, size: (usize, usize), wrap: Wrap) -> Result<Tensor> {
    x.apply_op1_no_bwd(&BicubicWrapped { size, wrap })
}

/// `bicubic(x, size) + amp * plus`, with `plus [N, H, W, C]` of the shape of the result, in one pass over
/// memory. It adds noise to the input of a stage, or the skip connection to its output. Not differentiable.
///
/// # Errors
/// If `x` does not have four axes, a side of the input or the result is 0, `plus` does not have the shape of
/// the result, a tensor is not f32 and contiguous, the tensors are on different devices, or the GPU fails.
pub fn bicubic_plus(x: &Tensor, size: (usize, usize), plus: &Tensor, amp: f32) -> Result<Tensor> {
    x.apply_op2_no_bwd(plus, &BicubicPlus { size, amp })
}

/// The gradient `[N, h, w, C]` of [`bicubic`] with respect to its input of `size = (h, w)` pixels, given
/// `gy [N, H, W, C]`. Differentiable.
///
/// # Errors
/// If `gy` does not have four axes, a side of the result is 0, the tensor is not f32 and contiguous, or the
/// GPU fails.
pub fn bicubic_grad(gy: &Tensor, size: (usize, usize)) -> Result<Tensor> {
    gy.apply_op1(BicubicGrad { size })
}

/// `bicubic_grad(gy, size) + plus`, with `plus [N, h, w, C]` of the shape of the result. Not differentiable.
///
/// # Errors
/// If `gy` does not have four axes, a side of the result is 0, `plus` does not have the shape of the result,
/// a tensor is not f32 and contiguous, the tensors are on different devices, or the GPU fails.
pub fn bicubic_grad_plus(gy: &Tensor, size: (usize, usize), plus: &Tensor) -> Result<Tensor> {
    gy.apply_op2_no_bwd(plus, &BicubicGrad { size })
}

pub(crate) struct Bicubic {
    pub(crate) size: (usize, usize),
}

pub(crate) struct BicubicWrapped {
    pub(crate) size: (usize, usize),
    pub(crate) wrap: Wrap,
}

pub(crate) struct BicubicPlus {
    pub(crate) size: (usize, usize),
    pub(crate) amp: f32,
}

pub(crate) struct BicubicGrad {
    pub(crate) size: (usize, usize),
}

impl CustomOp1 for Bicubic {
    fn name(&self) -> &'static str {
        "bicubic"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l);
        upsample(values(x, l)?, l, self.size, Wrap::default(), None)
    }

    cuda_fwd!(x l);

    fn bwd(&self, x: &Tensor, _: &Tensor, gy: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, w, _) = x.dims4()?;
        Ok(Some(bicubic_grad(&gy.contiguous()?, (h, w))?))
    }
}

impl CustomOp1 for BicubicWrapped {
    fn name(&self) -> &'static str {
        "bicubic_wrapped"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l);
        upsample(values(x, l)?, l, self.size, self.wrap, None)
    }

    cuda_fwd!(x l);
}

impl CustomOp2 for BicubicPlus {
    fn name(&self) -> &'static str {
        "bicubic_plus"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        z: &CpuStorage,
        lz: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x lx, z lz);
        let (n, _, _, c) = lx.shape().dims4()?;
        if lz.dims() != [n, self.size.0, self.size.1, c] {
            bail!("bicubic_plus: cannot add {:?} to {:?}", lz.dims(), [n, self.size.0, self.size.1, c])
        }
        upsample(values(x, lx)?, lx, self.size, Wrap::default(), Some((values(z, lz)?, self.amp)))
    }

    cuda_fwd!(x lx, z lz);
}

impl CustomOp1 for BicubicGrad {
    fn name(&self) -> &'static str {
        "bicubic_grad"
    }

    fn cpu_fwd(&self, g: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, g l);
        downsample(values(g, l)?, l, self.size, None)
    }

    cuda_fwd!(g l);

    fn bwd(&self, gy: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, w, _) = gy.dims4()?;
        Ok(Some(bicubic(&g.contiguous()?, (h, w))?))
    }
}

impl CustomOp2 for BicubicGrad {
    fn name(&self) -> &'static str {
        "bicubic_grad_plus"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        p: &CpuStorage,
        lp: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, g lg, p lp);
        let (n, _, _, c) = lg.shape().dims4()?;
        if lp.dims() != [n, self.size.0, self.size.1, c] {
            bail!("bicubic_grad_plus: cannot add {:?} to {:?}", lp.dims(), [n, self.size.0, self.size.1, c])
        }
        downsample(values(g, lg)?, lg, self.size, Some(values(p, lp)?))
    }

    cuda_fwd!(g lg, p lp);
}

fn upsample(
    x: &[f32],
    l: &Layout,
    size: (usize, usize),
    wrap: Wrap,
    plus: Option<(&[f32], f32)>,
) -> Result<(CpuStorage, Shape)> {
    let (n, h, w, c) = l.shape().dims4()?;
    let (oh, ow) = size;
    if h == 0 || w == 0 || oh == 0 || ow == 0 {
        bail!("bicubic: cannot resize {h}x{w} to {oh}x{ow}")
    }
    let out = filled(n * oh * ow * c, |out| cpu::resize::upsample((n, h, w, c), x, size, wrap, plus, out));
    Ok((out, Shape::from((n, oh, ow, c))))
}

fn downsample(
    g: &[f32],
    l: &Layout,
    size: (usize, usize),
    plus: Option<&[f32]>,
) -> Result<(CpuStorage, Shape)> {
    let (n, oh, ow, c) = l.shape().dims4()?;
    let (h, w) = size;
    if h == 0 || w == 0 {
        bail!("bicubic_grad: the picture must not be empty, its size is {h}x{w}")
    }
    let out = filled(n * h * w * c, |out| cpu::resize::upsample_grad((n, oh, ow, c), g, size, plus, out));
    Ok((out, Shape::from((n, h, w, c))))
}
