//! Convolution and its weight gradient.
//!
//! Activations are NHWC, weights are OIHW, and all values are `f32`. The stride is 1, and kernels are square
//! with an odd side. Every result has the same bytes for any number of threads.

mod direct;
mod direct_grad;
mod dot;
mod epilogue;
mod gemm;
mod rows;
#[cfg(test)]
mod tests;
mod winograd;

use crate::{path, simd};
use std::mem::MaybeUninit;

/// The shape of a convolution: an input of `n x h x w x ci`, zero padding of `pad` on each side, `co` filters
/// of `k x k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Pictures in the batch.
    pub n: usize,
    /// Height of the input.
    pub h: usize,
    /// Width of the input.
    pub w: usize,
    /// Channels of the input.
    pub ci: usize,
    /// Channels of the output.
    pub co: usize,
    /// Side of the kernel, odd.
    pub k: usize,
    /// Width of the border of zeros around the input, in pixels.
    pub pad: usize,
}

impl ConvShape {
    /// Height of the output.
    pub fn out_h(&self) -> usize {
        self.h + 2 * self.pad + 1 - self.k
    }

    /// Width of the output.
    pub fn out_w(&self) -> usize {
        self.w + 2 * self.pad + 1 - self.k
    }

    /// Number of values of the input.
    pub fn input_len(&self) -> usize {
        self.n * self.h * self.w * self.ci
    }

    /// Number of values of the output.
    pub fn output_len(&self) -> usize {
        self.n * self.out_h() * self.out_w() * self.co
    }

    /// Number of weights.
    pub fn weight_len(&self) -> usize {
        self.co * self.ci * self.k * self.k
    }

    fn check(&self, x: usize, y: usize, weights: usize) {
        assert!(self.k % 2 == 1, "kernels are odd, not {self:?}");
        assert!(
            self.h.min(self.w) + 2 * self.pad >= self.k,
            "the kernel is larger than the padded input: {self:?}"
        );
        assert_eq!(x, self.input_len(), "input of {self:?}");
        assert_eq!(y, self.output_len(), "output of {self:?}");
        assert_eq!(weights, self.weight_len(), "weights of {self:?}");
    }
}

/// The operation that is applied to a sum before it is stored.
#[derive(Clone, Copy)]
pub enum Epilogue<'a> {
    /// Nothing.
    None,
    /// `y = sum + bias`, then LeakyReLU if a slope is given.
    Bias {
        /// One number for each output channel, `co` in all.
        bias: &'a [f32],
        /// The slope of LeakyReLU below zero.
        slope: Option<f32>,
    },
    /// `y = sum * (by > 0 ? 1 : slope)`: multiplication by the derivative of LeakyReLU, where `by` is its
    /// input or its output.
    Mask {
        /// The input or output of LeakyReLU, of the size of the output.
        by: &'a [f32],
        /// The slope of LeakyReLU below zero.
        slope: f32,
    },
}

/// The weights of a convolution, and how they are read.
#[derive(Clone, Copy)]
pub enum Filter<'a> {
    /// Weights `co x ci x k x k` of the convolution.
    Forward(&'a [f32]),
    /// Weights `ci x co x k x k`, read with the taps flipped. A convolution with padding `k - 1 - pad` then
    /// is the input gradient of the convolution with these weights and padding `pad`.
    Transposed(&'a [f32]),
}

impl Filter<'_> {
    fn len(&self) -> usize {
        match self {
            Filter::Forward(weights) | Filter::Transposed(weights) => weights.len(),
        }
    }
}

/// Writes the convolution of `x` with `filter` to all of `y`.
///
/// # Panics
/// If a slice does not have the length that `shape` requires, if the kernel is even or larger than the padded
/// input, or if [`path::cpu_path`] returns an error.
pub fn conv(
    shape: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    conv_on(path::active(), shape, x, filter, epilogue, y);
}

/// Computes gradients of the convolution with the input `x`, given the gradient `gy` with respect to its
/// output. Writes the gradient of the weights (`co x ci x k x k`) to `dw` and that of the bias (`co`) to
/// `db`.
///
/// # Panics
/// If a slice does not have the length that `shape` requires, if the kernel is even or larger than the padded
/// input, or if [`path::cpu_path`] returns an error.
pub fn weight_grad(shape: &ConvShape, x: &[f32], gy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
    weight_grad_on(path::active(), shape, x, gy, dw, db);
}

fn conv_on(
    path: path::Path,
    shape: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    shape.check(x.len(), y.len(), filter.len());
    match epilogue {
        Epilogue::None => {}
        Epilogue::Bias { bias, .. } => assert_eq!(bias.len(), shape.co, "bias of {shape:?}"),
        Epilogue::Mask { by, .. } => assert_eq!(by.len(), y.len(), "mask of {shape:?}"),
    }
    simd::with_simd!(path, s => match algorithm(shape) {
        Algorithm::Winograd => winograd::conv::conv(s, shape, x, filter, epilogue, y),
        Algorithm::Direct => direct::conv(s, shape, x, filter, epilogue, y),
        Algorithm::Dot => dot::conv(s, shape, x, filter, epilogue, y),
    });
}

fn weight_grad_on(
    path: path::Path,
    shape: &ConvShape,
    x: &[f32],
    gy: &[f32],
    dw: &mut [f32],
    db: Option<&mut [f32]>,
) {
    shape.check(x.len(), gy.len(), dw.len());
    if let Some(db) = &db {
        assert_eq!(db.len(), shape.co, "bias gradient of {shape:?}");
    }
    simd::with_simd!(path, s => match algorithm(shape) {
        Algorithm::Winograd => winograd::grad::weight_grad(s, shape, x, gy, dw, db),
        Algorithm::Direct | Algorithm::Dot => direct_grad::weight_grad(s, shape, x, gy, dw, db),
    });
}

/// The algorithm of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    /// Winograd's minimal filtering, with a fifth of the multiplications. For 3x3 kernels with enough
    /// channels to outweigh the cost of the transforms.
    Winograd,
    /// Sums over taps with vectors along the output channels.
    Direct,
    /// Dot products with vectors along the input channels, for few output channels.
    Dot,
}

fn algorithm(shape: &ConvShape) -> Algorithm {
    if shape.k == 3 && shape.ci.min(shape.co) >= 12 {
        Algorithm::Winograd
    } else if shape.co < 12 && shape.k * shape.ci >= 32 {
        Algorithm::Dot
    } else {
        Algorithm::Direct
    }
}

/// Outputs of more bytes than this are stored while bypassing the caches: they do not fit, so the next reader
/// would not find their beginning in the cache anyway. The limit is lower in tests, so that small shapes
/// cover this case.
const STREAM_BYTES: usize = if cfg!(test) { 1 << 20 } else { 12 << 20 };

/// Whether to bypass the caches when storing the output: if it is large and consists of whole aligned
/// vectors.
fn streams<S: simd::Simd>(shape: &ConvShape, y: &[MaybeUninit<f32>]) -> bool {
    let aligned = y.as_ptr().addr().is_multiple_of(S::WIDTH * size_of::<f32>());
    size_of_val(y) > STREAM_BYTES && shape.co.is_multiple_of(S::WIDTH) && aligned
}
