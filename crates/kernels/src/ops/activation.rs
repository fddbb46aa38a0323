//! Activations and their first two derivatives.
//!
//! LeakyReLU is fused into the convolutions ([`crate::conv2d`]). The separate operations in this module serve
//! the other activations, and LeakyReLU after a normalisation. All tensors are f32, contiguous and of equal
//! shape.

use super::on_device::{cuda_fwd, emulated};
use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use cpu::blocks::{map1, map2, sum_blocks};

/// PyTorch's SELU constants.
const SELU_SCALE: f32 = 1.050_701;
const SELU_ALPHA: f32 = 1.673_263_2;

/// An activation function without trainable parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `x > 0 ? x : slope * x`, with a slope >= 0.
    LeakyRelu(f32),
    /// `x > 0 ? x : exp(x) - 1`
    Elu,
    /// `1.0507 * (x > 0 ? x : 1.6733 (exp(x) - 1))`
    Selu,
    /// `tanh(x)`
    Tanh,
}

impl Activation {
    fn value(self, x: f32) -> f32 {
        match self {
            Activation::LeakyRelu(slope) => {
                if x > 0.0 {
                    x
                } else {
                    slope * x
                }
            }
            Activation::Elu => {
                if x > 0.0 {
                    x
                } else {
                    x.exp_m1()
                }
            }
            Activation::Selu => SELU_SCALE * if x > 0.0 { x } else { SELU_ALPHA * x.exp_m1() },
            Activation::Tanh => x.tanh(),
        }
    }

    /// The derivative at the input whose output is `y`. For all these functions the output determines it.
    fn slope(self, y: f32) -> f32 {
        match self {
            Activation::LeakyRelu(slope) => {
                if y > 0.0 {
                    1.0
                } else {
                    slope
                }
            }
            Activation::Elu => {
                if y > 0.0 {
                    1.0
                } else {
                    y + 1.0
                }
            }
            Activation::Selu => {
                if y > 0.0 {
                    SELU_SCALE
                } else {
                    y + SELU_SCALE * SELU_ALPHA
                }
            }
            Activation::Tanh => 1.0 - y * y,
        }
    }
}

/// `y = act(x)`, of the shape of `x`. Differentiable once.
///
/// # Errors
/// If a tensor is not f32 and contiguous, or the GPU fails.
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    x.apply_op1(Activate(activation))
}

/// `g = gy * act'(x)`, given the output `y = act(x)`.
///
/// # Errors
/// If the shapes differ, if a tensor is not f32 and contiguous, if the tensors are on different devices, or
/// if the GPU fails.
pub fn activation_grad(activation: Activation, y: &Tensor, gy: &Tensor) -> Result<Tensor> {
    y.apply_op2_no_bwd(gy, &ActivationGrad(activation))
}

/// `a * b` where `y <= 0`, else 0: the contribution of the second derivative of ELU and SELU to the gradient
/// of the penalty.
///
/// Both have `act'' = act'` for negative inputs and `act'' = 0` for positive ones. With `v = u * act'`, the
/// term `dv * u * act''` is therefore `dv * v` for negative inputs and 0 for positive ones.
///
/// # Errors
/// If the shapes differ, if a tensor is not f32 and contiguous, if the tensors are on different devices, or
/// if the GPU fails.
pub fn negative_product(y: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    y.apply_op3_no_bwd(a, b, &NegativeProduct)
}

/// PReLU with one slope for all channels: `z > 0 ? z : slope * z`. `slope` has shape `[1]`. Differentiable
/// once, with respect to both.
///
/// # Errors
/// If a tensor is not f32 and contiguous, if the tensors are on different devices, or if the GPU fails.
pub fn prelu(z: &Tensor, slope: &Tensor) -> Result<Tensor> {
    z.apply_op2(slope, Prelu)
}

/// The gradient of [`prelu`] with respect to `z`: `gy * (z > 0 ? 1 : slope)`, with `slope` of shape `[1]`.
///
/// # Errors
/// If `z` and `gy` differ in shape, if a tensor is not f32 and contiguous, if the tensors are on different
/// devices, or if the GPU fails.
pub fn prelu_grad(z: &Tensor, slope: &Tensor, gy: &Tensor) -> Result<Tensor> {
    z.apply_op3_no_bwd(gy, slope, &PreluGrad)
}

/// The sum of `a * b` over the positions where `z <= 0`, shape `[1]`. With `a = z` and `b = gy` this is the
/// gradient of [`prelu`] with respect to its slope.
///
/// # Errors
/// If the shapes differ, if a tensor is not f32 and contiguous, if the tensors are on different devices, or
/// if the GPU fails.
pub fn prelu_slope_grad(z: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    z.apply_op3_no_bwd(a, b, &PreluSlopeGrad)
}

pub(crate) struct Activate(pub(crate) Activation);

impl CustomOp1 for Activate {
    fn name(&self) -> &'static str {
        "activate"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l);
        let x = values(x, l)?;
        let act = self.0;
        Ok((filled(x.len(), |out| map1(out, x, |v| act.value(v))), l.shape().clone()))
    }

    cuda_fwd!(x l);

    fn bwd(&self, _: &Tensor, y: &Tensor, gy: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(activation_grad(self.0, y, &gy.contiguous()?)?))
    }
}

pub(crate) struct ActivationGrad(pub(crate) Activation);

impl CustomOp2 for ActivationGrad {
    fn name(&self) -> &'static str {
        "activation_grad"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        ly: &Layout,
        g: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, y ly, g lg);
        let (y, g) = (values(y, ly)?, values(g, lg)?);
        same_shape("activation_grad", ly, lg)?;
        let act = self.0;
        Ok((filled(y.len(), |out| map2(out, y, g, |y, g| g * act.slope(y))), ly.shape().clone()))
    }

    cuda_fwd!(y ly, g lg);
}

pub(crate) struct NegativeProduct;

impl CustomOp3 for NegativeProduct {
    fn name(&self) -> &'static str {
        "negative_product"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        ly: &Layout,
        a: &CpuStorage,
        la: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, y ly, a la, b lb);
        let (y, a, b) = (values(y, ly)?, values(a, la)?, values(b, lb)?);
        same_shape("negative_product", ly, la)?;
        same_shape("negative_product", ly, lb)?;
        let out = filled(y.len(), |out| {
            for (((o, y), a), b) in out.iter_mut().zip(y).zip(a).zip(b) {
                o.write(if *y > 0.0 { 0.0 } else { a * b });
            }
        });
        Ok((out, ly.shape().clone()))
    }

    cuda_fwd!(y ly, a la, b lb);
}

pub(crate) struct Prelu;

impl CustomOp2 for Prelu {
    fn name(&self) -> &'static str {
        "prelu"
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        lz: &Layout,
        a: &CpuStorage,
        la: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, z lz, a la);
        let (z, a) = (values(z, lz)?, values(a, la)?[0]);
        Ok((filled(z.len(), |out| map1(out, z, |z| if z > 0.0 { z } else { a * z })), lz.shape().clone()))
    }

    cuda_fwd!(z lz, a la);

    fn bwd(
        &self,
        z: &Tensor,
        slope: &Tensor,
        _: &Tensor,
        gy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gy = gy.contiguous()?;
        Ok((Some(prelu_grad(z, slope, &gy)?), Some(prelu_slope_grad(z, z, &gy)?)))
    }
}

pub(crate) struct PreluGrad;

impl CustomOp3 for PreluGrad {
    fn name(&self) -> &'static str {
        "prelu_grad"
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        lz: &Layout,
        g: &CpuStorage,
        lg: &Layout,
        a: &CpuStorage,
        la: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, z lz, g lg, a la);
        let (z, g, a) = (values(z, lz)?, values(g, lg)?, values(a, la)?[0]);
        same_shape("prelu_grad", lz, lg)?;
        let out = filled(z.len(), |out| map2(out, z, g, |z, g| if z > 0.0 { g } else { a * g }));
        Ok((out, lz.shape().clone()))
    }

    cuda_fwd!(z lz, g lg, a la);
}

pub(crate) struct PreluSlopeGrad;

impl CustomOp3 for PreluSlopeGrad {
    fn name(&self) -> &'static str {
        "prelu_slope_grad"
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        lz: &Layout,
        a: &CpuStorage,
        la: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, z lz, a la, b lb);
        let (z, a, b) = (values(z, lz)?, values(a, la)?, values(b, lb)?);
        same_shape("prelu_slope_grad", lz, la)?;
        same_shape("prelu_slope_grad", lz, lb)?;
        let sum = sum_blocks(z.len(), cpu::blocks::BLOCK, |r| {
            r.filter(|&i| z[i] <= 0.0).map(|i| f64::from(a[i]) * f64::from(b[i])).sum()
        });
        Ok((CpuStorage::F32(vec![sum as f32]), Shape::from(1)))
    }

    cuda_fwd!(z lz, a la, b lb);
}

pub(crate) fn same_shape(op: &str, a: &Layout, b: &Layout) -> Result<()> {
    if a.shape() == b.shape() {
        return Ok(());
    }
    candle_core::bail!("{op}: shapes {:?} and {:?} differ", a.dims(), b.dims())
}
