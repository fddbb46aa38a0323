//! Bicubic resize with aligned corners, the network's upsampling, and its transpose.
//!
//! PyTorch's `interpolate(mode="bicubic", align_corners=True)`: cubic convolution with A = -0.75, four taps an axis,
//! positions clamped at the border. Both axes are linear maps: a row of the result blends four rows of the input,
//! then four columns of that.

use crate::map::blocks;
use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use std::mem::MaybeUninit;

/// `x [N, h, w, C]` resized to `[N, H, W, C]`; differentiable.
pub fn bicubic(x: &Tensor, size: (usize, usize)) -> Result<Tensor> {
    x.apply_op1(Bicubic { size })
}

/// `bicubic(x, size) + amp * noise`, with `noise [N, H, W, C]` of the result's shape: a stage's input in one pass.
pub fn bicubic_plus_noise(x: &Tensor, size: (usize, usize), noise: &Tensor, amp: f32) -> Result<Tensor> {
    x.apply_op2_no_bwd(noise, &BicubicPlus { size, amp })
}

/// The gradient of [`bicubic`] with respect to its input of `size`, given `gy [N, H, W, C]`; differentiable.
pub fn bicubic_grad(gy: &Tensor, size: (usize, usize)) -> Result<Tensor> {
    gy.apply_op1(BicubicGrad { size })
}

struct Bicubic {
    size: (usize, usize),
}

struct BicubicPlus {
    size: (usize, usize),
    amp: f32,
}

struct BicubicGrad {
    size: (usize, usize),
}

impl CustomOp1 for Bicubic {
    fn name(&self) -> &'static str {
        "bicubic"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        upsample(values(x, l)?, l, self.size, None)
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gy: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, w, _) = x.dims4()?;
        Ok(Some(bicubic_grad(&gy.contiguous()?, (h, w))?))
    }
}

impl CustomOp2 for BicubicPlus {
    fn name(&self) -> &'static str {
        "bicubic_plus_noise"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, z: &CpuStorage, lz: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, _, _, c) = lx.shape().dims4()?;
        if lz.dims() != [n, self.size.0, self.size.1, c] {
            bail!("bicubic_plus_noise: noise {:?} for a result of {:?}", lz.dims(), [n, self.size.0, self.size.1, c])
        }
        upsample(values(x, lx)?, lx, self.size, Some((values(z, lz)?, self.amp)))
    }
}

impl CustomOp1 for BicubicGrad {
    fn name(&self) -> &'static str {
        "bicubic_grad"
    }

    fn cpu_fwd(&self, g: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, oh, ow, c) = l.shape().dims4()?;
        let (h, w) = self.size;
        let g = values(g, l)?;
        let (rows, cols) = (transposed(&taps(h, oh), h), transposed(&taps(w, ow), w));
        let out = filled(n * h * w * c, |out| {
            blocks(out, w * c, |index, out| {
                let (sample, row) = (index / h, index % h);
                let mut blended = vec![0f32; ow * c];
                for &(from, weight) in &rows[row] {
                    let source = &g[(sample * oh + from) * ow * c..][..ow * c];
                    add_scaled(&mut blended, source, weight);
                }
                let mut pixel = vec![0f32; c];
                for (out, list) in out.chunks_exact_mut(c).zip(&cols) {
                    pixel.fill(0.0);
                    for &(from, weight) in list {
                        add_scaled(&mut pixel, &blended[from * c..][..c], weight);
                    }
                    write(out, &pixel);
                }
            });
        });
        Ok((out, Shape::from((n, h, w, c))))
    }

    fn bwd(&self, gy: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, w, _) = gy.dims4()?;
        Ok(Some(bicubic(&g.contiguous()?, (h, w))?))
    }
}

/// Four source positions and their weights for one position of the result.
struct Taps {
    at: [usize; 4],
    weight: [f32; 4],
}

/// The taps along an axis of `n_in` that becomes `n_out`, positions and weights computed in f64.
fn taps(n_in: usize, n_out: usize) -> Vec<Taps> {
    const A: f64 = -0.75;
    let near = |t: f64| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
    let far = |t: f64| ((A * t - 5.0 * A) * t + 8.0 * A) * t - 4.0 * A;
    let scale = if n_out > 1 { (n_in - 1) as f64 / (n_out - 1) as f64 } else { 0.0 };
    let one = |i: usize| {
        let position = i as f64 * scale;
        let floor = position.floor();
        let t = position - floor;
        let at = |k: i64| (floor as i64 + k).clamp(0, n_in as i64 - 1) as usize;
        Taps {
            at: [at(-1), at(0), at(1), at(2)],
            weight: [far(t + 1.0) as f32, near(t) as f32, near(1.0 - t) as f32, far(2.0 - t) as f32],
        }
    };
    (0..n_out).map(one).collect()
}

/// For each of the `n_in` sources the positions of the result it goes into, in order.
fn transposed(taps: &[Taps], n_in: usize) -> Vec<Vec<(usize, f32)>> {
    let mut lists = vec![Vec::new(); n_in];
    for (i, t) in taps.iter().enumerate() {
        for (&at, &weight) in t.at.iter().zip(&t.weight) {
            lists[at].push((i, weight));
        }
    }
    lists
}

fn upsample(
    x: &[f32], l: &Layout, (oh, ow): (usize, usize), noise: Option<(&[f32], f32)>,
) -> Result<(CpuStorage, Shape)> {
    let (n, h, w, c) = l.shape().dims4()?;
    if h == 0 || w == 0 || oh == 0 || ow == 0 {
        bail!("bicubic: cannot resize {h}x{w} to {oh}x{ow}")
    }
    let (rows, cols) = (taps(h, oh), taps(w, ow));
    let out = filled(n * oh * ow * c, |out| {
        blocks(out, ow * c, |index, out| {
            let (sample, row) = (index / oh, &rows[index % oh]);
            let source = |k: usize| &x[(sample * h + row.at[k]) * w * c..][..w * c];
            let mut blended = vec![0f32; w * c];
            blend(&mut blended, [source(0), source(1), source(2), source(3)], row.weight);
            for (j, (out, col)) in out.chunks_exact_mut(c).zip(&cols).enumerate() {
                let source = |k: usize| &blended[col.at[k] * c..][..c];
                let sources = [source(0), source(1), source(2), source(3)];
                match noise {
                    None => blend_into(out, sources, col.weight),
                    Some((z, amp)) => {
                        blend_into_plus(out, sources, col.weight, &z[(index * ow + j) * c..][..c], amp);
                    }
                }
            }
        });
    });
    Ok((out, Shape::from((n, oh, ow, c))))
}

fn blend(out: &mut [f32], s: [&[f32]; 4], w: [f32; 4]) {
    for ((((o, a), b), c), d) in out.iter_mut().zip(s[0]).zip(s[1]).zip(s[2]).zip(s[3]) {
        *o = a * w[0] + b * w[1] + c * w[2] + d * w[3];
    }
}

fn blend_into(out: &mut [MaybeUninit<f32>], s: [&[f32]; 4], w: [f32; 4]) {
    for ((((o, a), b), c), d) in out.iter_mut().zip(s[0]).zip(s[1]).zip(s[2]).zip(s[3]) {
        o.write(a * w[0] + b * w[1] + c * w[2] + d * w[3]);
    }
}

fn blend_into_plus(out: &mut [MaybeUninit<f32>], s: [&[f32]; 4], w: [f32; 4], z: &[f32], amp: f32) {
    for (((((o, a), b), c), d), z) in out.iter_mut().zip(s[0]).zip(s[1]).zip(s[2]).zip(s[3]).zip(z) {
        o.write(a * w[0] + b * w[1] + c * w[2] + d * w[3] + z * amp);
    }
}

fn add_scaled(out: &mut [f32], x: &[f32], weight: f32) {
    for (o, x) in out.iter_mut().zip(x) {
        *o += x * weight;
    }
}

fn write(out: &mut [MaybeUninit<f32>], values: &[f32]) {
    for (o, v) in out.iter_mut().zip(values) {
        o.write(*v);
    }
}
