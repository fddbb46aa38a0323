//! Losses with their gradients. Each function computes both in one call. Sums are taken over blocks of a
//! fixed size, in f64.

use super::activation::same_shape;
use super::on_device::{cuda_fwd, emulated};
use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use cpu::blocks::{BLOCK, blocks, map2, sum_blocks};

/// The mean of each sample of `x [N, ...]`: `[N]`. Not differentiable.
///
/// # Errors
/// If `x` is not f32 and contiguous, or the GPU fails.
pub fn batch_means(x: &Tensor) -> Result<Tensor> {
    x.apply_op1_no_bwd(&BatchMeans)
}

/// The loss `weight * mean((y - target)^2)` (`[1]`) and its gradient with respect to `y` (of the shape of
/// `y`).
///
/// # Errors
/// If `y` and `target` differ in shape, if a tensor is not f32 and contiguous, if the tensors are on
/// different devices, or if the GPU fails.
pub fn mse(y: &Tensor, target: &Tensor, weight: f32) -> Result<(Tensor, Tensor)> {
    split(y.apply_op2_no_bwd(target, &Mse { weight })?, y)
}

/// The gradient penalty `lambda * mean((|g| - 1)^2)` (`[1]`) and its gradient with respect to
/// `g [N, H, W, C]`. The norm is taken over the channels, the mean over the pixels of all samples. The
/// gradient of the norm at zero is zero, as in PyTorch.
///
/// # Errors
/// If `g` does not have four axes or is not f32 and contiguous, or the GPU fails.
pub fn gradient_penalty(g: &Tensor, lambda: f32) -> Result<(Tensor, Tensor)> {
    split(g.apply_op1_no_bwd(&Penalty { lambda })?, g)
}

/// `alpha * a + (1 - alpha) * b`, with `alpha [1]` and `a`, `b` of equal shape. Not differentiable.
///
/// # Errors
/// If `a` and `b` differ in shape, if a tensor is not f32 and contiguous, if the tensors are on different
/// devices, or if the GPU fails.
pub fn mix(a: &Tensor, b: &Tensor, alpha: &Tensor) -> Result<Tensor> {
    a.apply_op3_no_bwd(b, alpha, &Mix)
}

/// A tensor of the shape of `like [N, ...]` in which sample `i` is filled with `values[i]`; `N` is 1 to 3.
///
/// # Errors
/// If `values` does not have one value for each sample or has more than three, or if the GPU fails.
pub fn constant(like: &Tensor, values: &[f32]) -> Result<Tensor> {
    if values.len() != like.dims()[0] || values.len() > 3 {
        bail!("constant: {} values for {} samples (at most 3)", values.len(), like.dims()[0])
    }
    like.apply_op1_no_bwd(&Constant(values.to_vec()))
}

/// Splits the one result of a candle operation into the loss and the gradient; the loss is stored after the
/// gradient.
fn split(both: Tensor, like: &Tensor) -> Result<(Tensor, Tensor)> {
    let n = like.elem_count();
    Ok((both.narrow(0, n, 1)?, both.narrow(0, 0, n)?.reshape(like.shape())?))
}

pub(crate) struct BatchMeans;

impl CustomOp1 for BatchMeans {
    fn name(&self) -> &'static str {
        "batch_means"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l);
        let x = values(x, l)?;
        let n = l.dims()[0];
        let each = x.len() / n;
        let mean = |x: &[f32]| {
            let sum = sum_blocks(each, BLOCK, |r| x[r].iter().map(|&v| f64::from(v)).sum());
            (sum / each as f64) as f32
        };
        Ok((CpuStorage::F32(x.chunks_exact(each).map(mean).collect()), Shape::from(n)))
    }

    cuda_fwd!(x l);
}

pub(crate) struct Mse {
    pub(crate) weight: f32,
}

impl CustomOp2 for Mse {
    fn name(&self) -> &'static str {
        "mse"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        ly: &Layout,
        t: &CpuStorage,
        lt: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, y ly, t lt);
        same_shape("mse", ly, lt)?;
        let (y, t) = (values(y, ly)?, values(t, lt)?);
        let n = y.len();
        let scale = (2.0 * f64::from(self.weight) / n as f64) as f32;
        let sum = sum_blocks(n, BLOCK, |r| {
            y[r.clone()].iter().zip(&t[r]).map(|(y, t)| f64::from(y - t).powi(2)).sum()
        });
        let out = filled(n + 1, |out| {
            map2(&mut out[..n], y, t, |y, t| scale * (y - t));
            out[n].write((f64::from(self.weight) * sum / n as f64) as f32);
        });
        Ok((out, Shape::from(n + 1)))
    }

    cuda_fwd!(y ly, t lt);
}

pub(crate) struct Penalty {
    pub(crate) lambda: f32,
}

impl CustomOp1 for Penalty {
    fn name(&self) -> &'static str {
        "gradient_penalty"
    }

    fn cpu_fwd(&self, g: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, g l);
        let (n, h, w, c) = l.shape().dims4()?;
        let (g, pixels) = (values(g, l)?, n * h * w);
        let norm = |p: &[f32]| p.iter().map(|v| v * v).sum::<f32>().sqrt();
        let scale = 2.0 * self.lambda / pixels as f32;
        let sum = sum_blocks(pixels, BLOCK, |r| {
            g[r.start * c..r.end * c].chunks_exact(c).map(|p| f64::from(norm(p) - 1.0).powi(2)).sum()
        });
        let out = filled(g.len() + 1, |out| {
            let (grad, loss) = out.split_at_mut(g.len());
            blocks(grad, BLOCK / 4 * c, |i, grad| {
                let g = &g[i * (BLOCK / 4) * c..];
                for (o, p) in grad.chunks_exact_mut(c).zip(g.chunks_exact(c)) {
                    let norm = norm(p);
                    let factor = if norm > 0.0 { scale * (norm - 1.0) / norm } else { 0.0 };
                    for (o, v) in o.iter_mut().zip(p) {
                        o.write(factor * v);
                    }
                }
            });
            loss[0].write((f64::from(self.lambda) * sum / pixels as f64) as f32);
        });
        Ok((out, Shape::from(g.len() + 1)))
    }

    cuda_fwd!(g l);
}

pub(crate) struct Constant(pub(crate) Vec<f32>);

impl CustomOp1 for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn cpu_fwd(&self, _like: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, _like l);
        let each = l.shape().elem_count() / self.0.len();
        let all = self.0.iter().flat_map(|&v| std::iter::repeat_n(v, each)).collect();
        Ok((CpuStorage::F32(all), l.shape().clone()))
    }

    cuda_fwd!(like l);
}

pub(crate) struct Mix;

impl CustomOp3 for Mix {
    fn name(&self) -> &'static str {
        "mix"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        la: &Layout,
        b: &CpuStorage,
        lb: &Layout,
        alpha: &CpuStorage,
        l: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, a la, b lb, alpha l);
        same_shape("mix", la, lb)?;
        let (a, b, alpha) = (values(a, la)?, values(b, lb)?, values(alpha, l)?[0]);
        let beta = 1.0 - alpha;
        Ok((filled(a.len(), |out| map2(out, a, b, |a, b| alpha * a + beta * b)), la.shape().clone()))
    }

    cuda_fwd!(a la, b lb, alpha l);
}
