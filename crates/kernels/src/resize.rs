//! Bicubic resize with aligned corners, the network's upsampling, and its transpose.
//!
//! PyTorch's `interpolate(mode="bicubic", align_corners=True)`: cubic convolution with A = -0.75, four taps an axis,
//! positions clamped at the border. Both axes are linear maps: a row of the result blends four rows of the input,
//! then four columns of that.

#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets

use crate::map::blocks;
use crate::on_device::{cuda_fwd, emulated};
use crate::storage::{filled, values};
use crate::taps::{Taps, taps, transposed};
use crate::widest::widest;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use std::mem::MaybeUninit;

/// `x [N, h, w, C]` resized to `[N, H, W, C]`; differentiable.
pub fn bicubic(x: &Tensor, size: (usize, usize)) -> Result<Tensor> {
    x.apply_op1(Bicubic { size })
}

/// Which axes of a picture go on at their other end, as on a torus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrap {
    /// The last row is followed by the first.
    pub rows: bool,
    /// The last column is followed by the first.
    pub columns: bool,
}

impl Wrap {
    /// Whether any axis does.
    pub fn any(self) -> bool {
        self.rows || self.columns
    }
}

/// [`bicubic`] for pictures that go on at their other end: along an axis that `wrap` names, position `i` of the result lies
/// at `(i + 1/2) n_in / n_out - 1/2` of the input and taps beyond the end are those of the other end. Other axes are resized as ever.
pub fn bicubic_wrapped(x: &Tensor, size: (usize, usize), wrap: Wrap) -> Result<Tensor> {
    x.apply_op1_no_bwd(&BicubicWrapped { size, wrap })
}

/// `bicubic(x, size) + amp * plus`, with `plus [N, H, W, C]` of the result's shape, in one pass over memory: a stage's input
/// with noise, or its output with what goes past it.
pub fn bicubic_plus(x: &Tensor, size: (usize, usize), plus: &Tensor, amp: f32) -> Result<Tensor> {
    x.apply_op2_no_bwd(plus, &BicubicPlus { size, amp })
}

/// The gradient of [`bicubic`] with respect to its input of `size`, given `gy [N, H, W, C]`; differentiable.
pub fn bicubic_grad(gy: &Tensor, size: (usize, usize)) -> Result<Tensor> {
    gy.apply_op1(BicubicGrad { size })
}

/// `bicubic_grad(gy, size) + plus`, with `plus [N, h, w, C]` of the result's shape.
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
            bail!("bicubic_plus: {:?} to add to {:?}", lz.dims(), [n, self.size.0, self.size.1, c])
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
            bail!("bicubic_grad_plus: {:?} to add to {:?}", lp.dims(), [n, self.size.0, self.size.1, c])
        }
        downsample(values(g, lg)?, lg, self.size, Some(values(p, lp)?))
    }

    cuda_fwd!(g lg, p lp);
}

fn upsample(
    x: &[f32],
    l: &Layout,
    (oh, ow): (usize, usize),
    wrap: Wrap,
    plus: Option<(&[f32], f32)>,
) -> Result<(CpuStorage, Shape)> {
    let (n, h, w, c) = l.shape().dims4()?;
    if h == 0 || w == 0 || oh == 0 || ow == 0 {
        bail!("bicubic: cannot resize {h}x{w} to {oh}x{ow}")
    }
    let (rows, cols) = (taps(h, oh, wrap.rows), taps(w, ow, wrap.columns));
    let out = filled(n * oh * ow * c, |out| {
        blocks(out, ow * c, |index, out| {
            let (sample, row) = (index / oh, &rows[index % oh]);
            let sources = row.at.map(|at| &x[(sample * h + at) * w * c..][..w * c]);
            let plus = plus.map(|(z, amp)| (&z[index * ow * c..][..ow * c], amp));
            up_row(out, sources, row.weight, &cols, c, plus);
        });
    });
    Ok((out, Shape::from((n, oh, ow, c))))
}

fn downsample(
    g: &[f32],
    l: &Layout,
    (h, w): (usize, usize),
    plus: Option<&[f32]>,
) -> Result<(CpuStorage, Shape)> {
    let (n, oh, ow, c) = l.shape().dims4()?;
    if h == 0 || w == 0 {
        bail!("bicubic_grad: no {h}x{w} picture has a gradient")
    }
    let (rows, cols) = (transposed(&taps(h, oh, false), h), transposed(&taps(w, ow, false), w));
    let out = filled(n * h * w * c, |out| {
        blocks(out, w * c, |index, out| {
            let (sample, row) = (index / h, index % h);
            let plus = plus.map(|p| &p[index * w * c..][..w * c]);
            down_row(out, &g[sample * oh * ow * c..][..oh * ow * c], (&rows[row], &cols), ow * c, c, plus);
        });
    });
    Ok((out, Shape::from((n, h, w, c))))
}

/// Where a source goes, and with which weights.
type Uses = Vec<(usize, f32)>;

widest! {
    /// A row of the enlarged picture: four rows blended, then four columns of that for each pixel.
    fn up_row(
        out: &mut [MaybeUninit<f32>], sources: [&[f32]; 4], weight: [f32; 4], cols: &[Taps], c: usize,
        plus: Option<(&[f32], f32)>,
    ) = up_row_with
}

#[inline(always)]
fn up_row_with(
    out: &mut [MaybeUninit<f32>],
    sources: [&[f32]; 4],
    weight: [f32; 4],
    cols: &[Taps],
    c: usize,
    plus: Option<(&[f32], f32)>,
) {
    let mut blended = vec![0f32; sources[0].len()];
    for ((((o, a), b), c), d) in
        blended.iter_mut().zip(sources[0]).zip(sources[1]).zip(sources[2]).zip(sources[3])
    {
        *o = a * weight[0] + b * weight[1] + c * weight[2] + d * weight[3];
    }
    for (j, (out, col)) in out.chunks_exact_mut(c).zip(cols).enumerate() {
        let [s0, s1, s2, s3] = col.at.map(|at| &blended[at * c..][..c]);
        let w = col.weight;
        let mixed = s0.iter().zip(s1).zip(s2).zip(s3);
        let mixed = mixed.map(|(((a, b), c), d)| a * w[0] + b * w[1] + c * w[2] + d * w[3]);
        match plus {
            None => out.iter_mut().zip(mixed).for_each(|(o, v)| {
                o.write(v);
            }),
            Some((z, amp)) => out.iter_mut().zip(mixed).zip(&z[j * c..][..c]).for_each(|((o, v), z)| {
                o.write(v + z * amp);
            }),
        }
    }
}

widest! {
    /// A row of the transpose: the rows it went into blended, then for each pixel the columns it went into.
    fn down_row(
        out: &mut [MaybeUninit<f32>], g: &[f32], uses: (&Uses, &[Uses]), stride: usize, c: usize, plus: Option<&[f32]>,
    ) = down_row_with
}

#[inline(always)]
fn down_row_with(
    out: &mut [MaybeUninit<f32>],
    g: &[f32],
    (row, cols): (&Uses, &[Uses]),
    stride: usize,
    c: usize,
    plus: Option<&[f32]>,
) {
    let add_scaled = |sum: &mut [f32], x: &[f32], weight: f32| {
        for (s, x) in sum.iter_mut().zip(x) {
            *s += x * weight;
        }
    };
    let mut blended = vec![0f32; stride];
    for &(from, weight) in row {
        add_scaled(&mut blended, &g[from * stride..][..stride], weight);
    }
    let mut pixel = vec![0f32; c];
    for (j, (out, col)) in out.chunks_exact_mut(c).zip(cols).enumerate() {
        match plus {
            None => pixel.fill(0.0),
            Some(p) => pixel.copy_from_slice(&p[j * c..][..c]),
        }
        for &(from, weight) in col {
            add_scaled(&mut pixel, &blended[from * c..][..c], weight);
        }
        for (o, v) in out.iter_mut().zip(&pixel) {
            o.write(*v);
        }
    }
}
