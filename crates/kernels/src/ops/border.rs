//! Zero padding and cropping of pictures.

use super::on_device::{cuda_fwd, emulated};
use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use cpu::blocks::blocks;

/// Adds `p` pixels of zeros on every side of `x [N, H, W, C]`: `[N, H + 2 p, W + 2 p, C]`. Not
/// differentiable.
///
/// # Errors
/// If `x` does not have four axes or is not f32 and contiguous, or if the GPU fails.
pub fn pad(x: &Tensor, p: usize) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Pad { p })
}

/// Removes `p` pixels on every side of `x [N, H, W, C]`: `[N, H - 2 p, W - 2 p, C]`. Not differentiable.
///
/// # Errors
/// If `x` does not have four axes, is smaller than `2 p + 1` pixels along an axis, or is not f32 and
/// contiguous, or if the GPU fails.
pub fn crop(x: &Tensor, p: usize) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Crop { p })
}

/// `crop(x, p) + plus`, with `plus [N, H - 2 p, W - 2 p, C]`. Not differentiable.
///
/// # Errors
/// If `x` does not have four axes or is smaller than `2 p + 1` pixels along an axis, if `plus` does not have
/// the shape of the result, if a tensor is not f32 and contiguous, if the tensors are on different devices,
/// or if the GPU fails.
pub fn crop_plus(x: &Tensor, p: usize, plus: &Tensor) -> Result<Tensor> {
    x.apply_op2_no_bwd(plus, &Crop { p })
}

pub(crate) struct Pad {
    pub(crate) p: usize,
}

pub(crate) struct Crop {
    pub(crate) p: usize,
}

impl Pad {
    pub(crate) fn shape(&self, l: &Layout) -> Result<[usize; 4]> {
        let (n, h, w, c) = l.shape().dims4()?;
        Ok([n, h + 2 * self.p, w + 2 * self.p, c])
    }
}

impl Crop {
    pub(crate) fn shape(&self, l: &Layout, plus: Option<&Layout>) -> Result<[usize; 4]> {
        let (n, h, w, c) = l.shape().dims4()?;
        let p = self.p;
        if h <= 2 * p || w <= 2 * p {
            bail!("crop: cannot remove {p} pixels on every side of {h}x{w}")
        }
        let out = [n, h - 2 * p, w - 2 * p, c];
        match plus {
            Some(plus) if plus.dims() != out => bail!("crop_plus: cannot add {:?} to {out:?}", plus.dims()),
            _ => Ok(out),
        }
    }

    fn run(&self, x: &[f32], l: &Layout, plus: Option<(&[f32], &Layout)>) -> Result<(CpuStorage, Shape)> {
        let out = self.shape(l, plus.map(|(_, l)| l))?;
        let ([_, oh, ow, c], (_, h, w, _), p) = (out, l.shape().dims4()?, self.p);
        let y = filled(out.iter().product(), |y| {
            blocks(y, ow * c, |row, y| {
                let from = ((row / oh * h + row % oh + p) * w + p) * c;
                let x = &x[from..from + ow * c];
                match plus {
                    None => y.iter_mut().zip(x).for_each(|(y, x)| {
                        y.write(*x);
                    }),
                    Some((plus, _)) => {
                        y.iter_mut().zip(x).zip(&plus[row * ow * c..]).for_each(|((y, x), z)| {
                            y.write(x + z);
                        });
                    }
                }
            });
        });
        Ok((y, Shape::from(out.to_vec())))
    }
}

impl CustomOp1 for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l);
        let out = self.shape(l)?;
        let ([_, oh, ow, c], (_, h, w, _), p) = (out, l.shape().dims4()?, self.p);
        let x = values(x, l)?;
        let y = filled(out.iter().product(), |y| {
            blocks(y, ow * c, |row, y| {
                for y in y.iter_mut() {
                    y.write(0.0);
                }
                if let Some(inner) = (row % oh).checked_sub(p).filter(|&inner| inner < h) {
                    let x = &x[(row / oh * h + inner) * w * c..][..w * c];
                    for (y, x) in y[p * c..].iter_mut().zip(x) {
                        y.write(*x);
                    }
                }
            });
        });
        Ok((y, Shape::from(out.to_vec())))
    }

    cuda_fwd!(x l);
}

impl CustomOp1 for Crop {
    fn name(&self) -> &'static str {
        "crop"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l);
        self.run(values(x, l)?, l, None)
    }

    cuda_fwd!(x l);
}

impl CustomOp2 for Crop {
    fn name(&self) -> &'static str {
        "crop_plus"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        l: &Layout,
        plus: &CpuStorage,
        lp: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, x l, plus lp);
        self.run(values(x, l)?, l, Some((values(plus, lp)?, lp)))
    }

    cuda_fwd!(x l, plus lp);
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn borders_come_and_go() -> Result<()> {
        let x = Tensor::arange(0f32, 2.0 * 3.0 * 4.0 * 5.0, &Device::Cpu)?.reshape((2, 3, 4, 5))?;
        let padded = pad(&x, 2)?;
        let expected = x.pad_with_zeros(1, 2, 2)?.pad_with_zeros(2, 2, 2)?;
        let flat = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
        assert_eq!((padded.dims(), flat(&padded)?), (expected.dims(), flat(&expected)?));
        assert_eq!(flat(&crop(&padded, 2)?)?, flat(&x)?);
        assert_eq!(flat(&crop_plus(&padded, 2, &x)?)?, flat(&(&x + &x)?)?);
        assert_eq!(flat(&pad(&x, 0)?)?, flat(&x)?);
        assert!(crop(&x, 2).is_err() && crop_plus(&padded, 1, &x).is_err());
        Ok(())
    }
}
