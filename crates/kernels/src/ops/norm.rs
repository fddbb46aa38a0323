//! Normalisation of each sample of a batch by its own statistics, both in training and in sampling. For a
//! batch of one picture this equals PyTorch's `BatchNorm2d` in training mode.

use super::on_device::{cuda_fwd, emulated};
use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use cpu::blocks::blocks;

/// Added to the variance, as in PyTorch.
pub(crate) const EPS: f64 = 1e-5;

/// Pixels in one partial sum. The number is fixed so that sums do not depend on the number of threads.
pub(crate) const ROWS: usize = 4096;

/// The mean, inverse standard deviation and `weight [C]` of every sample and channel of `z [N, H, W, C]`:
/// `[N, 3, C]`, the `stats` of [`norm`] and [`norm_grad`].
///
/// # Errors
/// If `z` does not have four axes, `weight` is not `[C]`, a tensor is not f32 and contiguous, the tensors are
/// on different devices, or the GPU fails.
pub fn norm_stats(z: &Tensor, weight: &Tensor) -> Result<Tensor> {
    z.apply_op2_no_bwd(weight, &Stats)
}

/// `(z - mean) * inverse_std * weight + bias`, of the shape of `z [N, H, W, C]`, with `stats [N, 3, C]` from
/// [`norm_stats`] and `bias [C]`. Not differentiable by candle; see [`norm_grad`].
///
/// # Errors
/// If `z` does not have four axes, if a tensor is not f32 and contiguous, if the tensors are on different
/// devices, or if the GPU fails.
pub fn norm(z: &Tensor, stats: &Tensor, bias: &Tensor) -> Result<Tensor> {
    z.apply_op3_no_bwd(stats, bias, &Apply)
}

/// The gradients of [`norm`] with respect to `z` (`[N, H, W, C]`), `weight` (`[C]`) and `bias` (`[C]`), given
/// `gy` of the shape of `z`. Those of `weight` and `bias` are summed over the batch.
///
/// # Errors
/// If `z` does not have four axes, `gy` differs from it in shape, a tensor is not f32 and contiguous, the
/// tensors are on different devices, or the GPU fails.
pub fn norm_grad(z: &Tensor, stats: &Tensor, gy: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
    let (n, c) = (z.elem_count(), z.dim(3)?);
    let all = z.apply_op3_no_bwd(stats, gy, &Grad)?;
    Ok((all.narrow(0, 0, n)?.reshape(z.shape())?, all.narrow(0, n, c)?, all.narrow(0, n + c, c)?))
}

/// For each channel, the two sums of `f(pixel, channel)` over the pixels of one sample.
fn channel_sums(pixels: usize, c: usize, f: impl Fn(usize, usize) -> [f64; 2] + Sync) -> Vec<[f64; 2]> {
    let mut partial = vec![[0f64; 2]; pixels.div_ceil(ROWS) * c];
    blocks(&mut partial, c, |block, sums| {
        for p in block * ROWS..pixels.min((block + 1) * ROWS) {
            for (ch, sum) in sums.iter_mut().enumerate() {
                let [a, b] = f(p, ch);
                sum[0] += a;
                sum[1] += b;
            }
        }
    });
    let mut total = vec![[0f64; 2]; c];
    for sums in partial.chunks_exact(c) {
        for (t, s) in total.iter_mut().zip(sums) {
            t[0] += s[0];
            t[1] += s[1];
        }
    }
    total
}

pub(crate) struct Stats;

impl CustomOp2 for Stats {
    fn name(&self) -> &'static str {
        "norm_stats"
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        lz: &Layout,
        w: &CpuStorage,
        lw: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, z lz, w lw);
        let (n, h, width, c) = lz.shape().dims4()?;
        let (z, w) = (values(z, lz)?, values(w, lw)?);
        if w.len() != c {
            bail!("norm: {} weights for {c} channels", w.len())
        }
        let pixels = h * width;
        let mut out = Vec::with_capacity(n * 3 * c);
        for z in z.chunks_exact(pixels * c) {
            let means = channel_sums(pixels, c, |p, ch| [f64::from(z[p * c + ch]), 0.0]);
            let means: Vec<f64> = means.iter().map(|s| s[0] / pixels as f64).collect();
            let squares =
                channel_sums(pixels, c, |p, ch| [(f64::from(z[p * c + ch]) - means[ch]).powi(2), 0.0]);
            out.extend(means.iter().map(|&m| m as f32));
            out.extend(squares.iter().map(|s| (1.0 / (s[0] / pixels as f64 + EPS).sqrt()) as f32));
            out.extend_from_slice(w);
        }
        Ok((CpuStorage::F32(out), Shape::from((n, 3, c))))
    }

    cuda_fwd!(z lz, w lw);
}

pub(crate) struct Apply;

impl CustomOp3 for Apply {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        lz: &Layout,
        s: &CpuStorage,
        ls: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, z lz, s ls, b lb);
        let (_, h, w, c) = lz.shape().dims4()?;
        let (z, s, b) = (values(z, lz)?, values(s, ls)?, values(b, lb)?);
        let out = filled(z.len(), |out| {
            blocks(out, w * c, |i, out| {
                let s = &s[i / h * 3 * c..][..3 * c];
                let z = &z[i * w * c..][..w * c];
                for (out, z) in out.chunks_exact_mut(c).zip(z.chunks_exact(c)) {
                    for ch in 0..c {
                        out[ch].write((z[ch] - s[ch]) * s[c + ch] * s[2 * c + ch] + b[ch]);
                    }
                }
            });
        });
        Ok((out, lz.shape().clone()))
    }

    cuda_fwd!(z lz, s ls, b lb);
}

pub(crate) struct Grad;

impl CustomOp3 for Grad {
    fn name(&self) -> &'static str {
        "norm_grad"
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        lz: &Layout,
        s: &CpuStorage,
        ls: &Layout,
        g: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        emulated!(self, z lz, s ls, g lg);
        let (_, h, w, c) = lz.shape().dims4()?;
        super::activation::same_shape("norm_grad", lz, lg)?;
        let (z, s, g) = (values(z, lz)?, values(s, ls)?, values(g, lg)?);
        let (pixels, sample) = (h * w, h * w * c);
        let (mut dw, mut db) = (vec![0f64; c], vec![0f64; c]);
        let out = filled(z.len() + 2 * c, |out| {
            let (gz, rest) = out.split_at_mut(z.len());
            for (((gz, z), g), s) in gz
                .chunks_exact_mut(sample)
                .zip(z.chunks_exact(sample))
                .zip(g.chunks_exact(sample))
                .zip(s.chunks_exact(3 * c))
            {
                let hat = |p: usize, ch: usize| (z[p * c + ch] - s[ch]) * s[c + ch];
                let sums = channel_sums(pixels, c, |p, ch| {
                    let g = f64::from(g[p * c + ch]);
                    [g * f64::from(hat(p, ch)), g]
                });
                for (ch, sum) in sums.iter().enumerate() {
                    dw[ch] += sum[0];
                    db[ch] += sum[1];
                }
                let means: Vec<[f32; 2]> =
                    sums.iter().map(|s| s.map(|v| (v / pixels as f64) as f32)).collect();
                blocks(gz, w * c, |row, gz| {
                    for (i, gz) in gz.chunks_exact_mut(c).enumerate() {
                        let p = row * w + i;
                        for ch in 0..c {
                            let inner = g[p * c + ch] - means[ch][1] - hat(p, ch) * means[ch][0];
                            gz[ch].write(s[2 * c + ch] * s[c + ch] * inner);
                        }
                    }
                });
            }
            for (o, v) in rest.iter_mut().zip(dw.iter().chain(&db)) {
                o.write(*v as f32);
            }
        });
        Ok((out, Shape::from(z.len() + 2 * c)))
    }

    cuda_fwd!(z lz, s ls, g lg);
}
