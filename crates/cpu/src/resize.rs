//! Bicubic resize of pictures with channels last, and its transpose.
//!
//! The resize is a linear map along each axis: a row of the result is a weighted sum of four rows of the
//! input, in which each pixel then is a weighted sum of four columns.
#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets

use crate::blocks::blocks;
use crate::taps::{Taps, span, taps, transposed};
use crate::widest::widest;
use std::mem::MaybeUninit;
use std::ops::Range;

/// The axes along which a picture is periodic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrap {
    /// The last row is followed by the first.
    pub rows: bool,
    /// The last column is followed by the first.
    pub columns: bool,
}

impl Wrap {
    /// Whether any axis is periodic.
    pub fn any(self) -> bool {
        self.rows || self.columns
    }
}

/// Batch, height, width and channels.
pub type Dims = (usize, usize, usize, usize);

/// A part of a resize: rows of the result, from the rows of the source that they depend on.
#[derive(Clone, Debug)]
pub struct RowsOf {
    /// Height and width of the whole source.
    pub from: (usize, usize),
    /// Height and width of the whole result.
    pub to: (usize, usize),
    /// The periodic axes.
    pub wrap: Wrap,
    /// The rows of the result.
    pub rows: Range<usize>,
}

impl RowsOf {
    /// The rows of the source that are needed; along a periodic axis they may lie before 0 and beyond the end.
    pub fn source(&self) -> Range<i64> {
        span(self.from.0, self.to.0, self.wrap.rows, self.rows.clone())
    }
}

/// The rows of [`upsample`]'s result for one picture of `c` channels, where `x` holds the rows [`RowsOf::source`]. All of `out`
/// is written, with the same bits.
pub fn upsample_rows(
    of: &RowsOf,
    c: usize,
    x: &[f32],
    plus: Option<(&[f32], f32)>,
    out: &mut [MaybeUninit<f32>],
) {
    let RowsOf { from: (h, w), to: (oh, ow), wrap, .. } = *of;
    let source = of.source();
    let count = (source.end - source.start) as usize;
    assert!(of.rows.end <= oh, "rows {:?} of {oh}", of.rows);
    assert_eq!((x.len(), out.len()), (count * w * c, of.rows.len() * ow * c), "slices of a resize");
    assert!(plus.is_none_or(|(z, _)| z.len() == out.len()), "what is added to a resize");
    let (rows, cols) = (taps(h, oh, wrap.rows), taps(w, ow, wrap.columns));
    blocks(out, ow * c, |index, out| {
        let row = &rows[of.rows.start + index];
        let place = |at: usize| (at as i64 - source.start).rem_euclid(h as i64) as usize;
        let sources = row.at.map(|at| &x[place(at) * w * c..][..w * c]);
        let plus = plus.map(|(z, amp)| (&z[index * ow * c..][..ow * c], amp));
        up_row(out, sources, row.weight, &cols, c, plus);
    });
}

/// Resizes `x`, pictures of these dimensions, to `size` (height, width) in pixels. With `plus`, adds the
/// given multiple of values of the result's dimensions. All of `out` is written.
pub fn upsample(
    (n, h, w, c): Dims,
    x: &[f32],
    (oh, ow): (usize, usize),
    wrap: Wrap,
    plus: Option<(&[f32], f32)>,
    out: &mut [MaybeUninit<f32>],
) {
    assert_eq!((x.len(), out.len()), (n * h * w * c, n * oh * ow * c), "slices of a resize");
    let (rows, cols) = (taps(h, oh, wrap.rows), taps(w, ow, wrap.columns));
    blocks(out, ow * c, |index, out| {
        let (sample, row) = (index / oh, &rows[index % oh]);
        let sources = row.at.map(|at| &x[(sample * h + at) * w * c..][..w * c]);
        let plus = plus.map(|(z, amp)| (&z[index * ow * c..][..ow * c], amp));
        up_row(out, sources, row.weight, &cols, c, plus);
    });
}

/// The transpose of [`upsample`] without wrapping: from `g`, the gradient with respect to results of these
/// dimensions, computes the gradient with respect to inputs of `size` (height, width) in pixels. `plus`, of
/// the dimensions of the latter, is added if given. All of `out` is written.
pub fn upsample_grad(
    (n, oh, ow, c): Dims,
    g: &[f32],
    (h, w): (usize, usize),
    plus: Option<&[f32]>,
    out: &mut [MaybeUninit<f32>],
) {
    assert_eq!((g.len(), out.len()), (n * oh * ow * c, n * h * w * c), "slices of a resize's gradient");
    let (rows, cols) = (transposed(&taps(h, oh, false), h), transposed(&taps(w, ow, false), w));
    blocks(out, w * c, |index, out| {
        let (sample, row) = (index / h, index % h);
        let plus = plus.map(|p| &p[index * w * c..][..w * c]);
        down_row(out, &g[sample * oh * ow * c..][..oh * ow * c], (&rows[row], &cols), ow * c, c, plus);
    });
}

/// The positions of the result that a source position contributes to, with their weights.
type Uses = Vec<(usize, f32)>;

widest! {
    /// A row of the enlarged picture: the weighted sum of four rows, then for each pixel the weighted sum of
    /// four of its columns.
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
    /// A row of the transpose: the weighted sum of the rows to which it contributes, then for each pixel that
    /// of the columns to which it contributes.
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
