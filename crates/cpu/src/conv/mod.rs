//! Convolution and its weight gradient.
//!
//! Activations are NHWC, weights OIHW, everything `f32`, stride 1, square odd kernels. Every result is the same
//! bytes whatever the number of threads.

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

/// The shape of a convolution: an input of `n x h x w x ci`, zero padding of `pad` on each side, `co` filters of
/// `k x k`.
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
    /// Zeros around the input.
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

    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.n * self.h * self.w * self.ci
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        self.n * self.out_h() * self.out_w() * self.co
    }

    /// Elements of the weights.
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

/// What happens to a sum before it is stored.
#[derive(Clone, Copy)]
pub enum Epilogue<'a> {
    /// Nothing.
    None,
    /// `y = sum + bias`, then LeakyReLU where a slope is given.
    Bias {
        /// A number for each output channel.
        bias: &'a [f32],
        /// The slope of LeakyReLU below zero.
        slope: Option<f32>,
    },
    /// `y = sum * (by > 0 ? 1 : slope)`: the derivative of LeakyReLU, from its input or its output.
    Mask {
        /// As large as the output.
        by: &'a [f32],
        /// The slope of LeakyReLU below zero.
        slope: f32,
    },
}

/// The weights of a convolution, in one of two readings.
#[derive(Clone, Copy)]
pub enum Filter<'a> {
    /// `co x ci x k x k`.
    Forward(&'a [f32]),
    /// `ci x co x k x k`, used flipped: with padding `k - 1 - pad` this is the input gradient of the convolution
    /// with these weights and padding `pad`.
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
///
/// Where a slice does not have the length that `shape` gives it, or [`path::cpu_path`] is an error.
pub fn conv(
    shape: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    conv_on(path::active(), shape, x, filter, epilogue, y);
}

/// Writes to `dw` the gradient of the weights (`co x ci x k x k`) of the convolution with the input `x`, given
/// the gradient `gy` of its output, and to `db` that of its bias.
///
/// # Panics
///
/// Where a slice does not have the length that `shape` gives it, or [`path::cpu_path`] is an error.
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

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    /// Winograd's minimal filtering: a fifth of the products, for 3x3 kernels with enough channels to pay for the
    /// transforms.
    Winograd,
    /// Sums over taps with vectors along the output channels.
    Direct,
    /// Dot products with vectors along the input channels: for few output channels.
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

/// Outputs of more bytes are stored past the caches: whoever reads them next finds their beginning evicted anyway.
/// Tests do with less.
const STREAM_BYTES: usize = if cfg!(test) { 1 << 20 } else { 12 << 20 };

/// Whether to store the output past the caches: where it is large, and in whole aligned vectors.
fn streams<S: simd::Simd>(shape: &ConvShape, y: &[MaybeUninit<f32>]) -> bool {
    let aligned = y.as_ptr().addr().is_multiple_of(S::WIDTH * size_of::<f32>());
    size_of_val(y) > STREAM_BYTES && shape.co.is_multiple_of(S::WIDTH) && aligned
}
