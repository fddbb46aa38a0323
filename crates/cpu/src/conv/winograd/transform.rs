//! The one-dimensional transforms for the points 0, inf, 1, -1, 2, -2, 1/2, -1/2 in this order.
//!
//! The first four (outer) points and the last four (inner) points have separate functions, because the weight
//! gradient computes them in different tasks.

use super::{IN, OUT};
use crate::simd::Simd;

/// Transforms the input to the points 0, inf, 1, -1.
#[inline(always)]
pub(super) fn input_outer<S: Simd>(s: S, d: [S::V; IN]) -> [S::V; 4] {
    let (c1, c2) = (s.splat(5.25), s.splat(-4.25));
    let zero = s.fma(c1, s.sub(d[4], d[2]), s.sub(d[0], d[6]));
    let infinity = s.fma(c1, s.sub(d[3], d[5]), s.sub(d[7], d[1]));
    let even = s.fma(c2, d[4], s.add(d[2], d[6]));
    let odd = s.fma(c2, d[3], s.add(d[1], d[5]));
    [zero, infinity, s.add(even, odd), s.sub(even, odd)]
}

/// Transforms the input to the points 2, -2, 1/2, -1/2.
#[inline(always)]
pub(super) fn input_inner<S: Simd>(s: S, d: [S::V; IN]) -> [S::V; 4] {
    let (half, middle, two) = (s.splat(0.5), s.splat(-2.5), s.splat(2.0));
    let even2 = s.fma(s.splat(0.25), d[2], s.fma(s.splat(-1.25), d[4], d[6]));
    let odd2 = s.fma(two, d[5], s.fma(middle, d[3], s.mul(half, d[1])));
    let even_half = s.fma(s.splat(4.0), d[2], s.fma(s.splat(-5.0), d[4], d[6]));
    let odd_half = s.fma(half, d[5], s.fma(middle, d[3], s.mul(two, d[1])));
    [s.add(even2, odd2), s.sub(even2, odd2), s.add(even_half, odd_half), s.sub(even_half, odd_half)]
}

/// Transforms the products at the points to the output.
#[inline(always)]
pub(super) fn output<S: Simd>(s: S, m: [S::V; IN]) -> [S::V; OUT] {
    let (s1, d1) = (s.add(m[2], m[3]), s.sub(m[2], m[3]));
    let (s2, d2) = (s.add(m[4], m[5]), s.sub(m[4], m[5]));
    let (s3, d3) = (s.add(m[6], m[7]), s.sub(m[6], m[7]));
    [
        s.add(s.add(m[0], s1), s.add(s2, s3)),
        sum(s, d1, (2.0, d2), (0.5, d3)),
        sum(s, s1, (4.0, s2), (0.25, s3)),
        sum(s, d1, (8.0, d2), (0.125, d3)),
        sum(s, s1, (16.0, s2), (0.0625, s3)),
        s.add(sum(s, d1, (32.0, d2), (0.03125, d3)), m[1]),
    ]
}

/// `x + a y + b z`. This is a function because inlining of a closure cannot be forced.
#[inline(always)]
fn sum<S: Simd>(s: S, x: S::V, (a, y): (f32, S::V), (b, z): (f32, S::V)) -> S::V {
    s.fma(s.splat(a), y, s.fma(s.splat(b), z, x))
}

/// Transforms three taps of a filter to the points.
#[inline(always)]
pub(super) fn filter<S: Simd>(s: S, g: [S::V; 3]) -> [S::V; IN] {
    let ninths = s.splat(-2.0 / 9.0);
    let (even1, odd1) = (s.mul(ninths, s.add(g[0], g[2])), s.mul(ninths, g[1]));
    let even2 = s.fma(s.splat(1.0 / 90.0), g[0], s.mul(s.splat(2.0 / 45.0), g[2]));
    let odd2 = s.mul(s.splat(1.0 / 45.0), g[1]);
    let even_half = s.fma(s.splat(32.0 / 45.0), g[0], s.mul(s.splat(8.0 / 45.0), g[2]));
    let odd_half = s.mul(s.splat(16.0 / 45.0), g[1]);
    [
        g[0],
        g[2],
        s.add(even1, odd1),
        s.sub(even1, odd1),
        s.add(even2, odd2),
        s.sub(even2, odd2),
        s.add(even_half, odd_half),
        s.sub(even_half, odd_half),
    ]
}

/// Transforms the products at the points to the gradient of three taps; the transpose of [`filter`].
#[inline(always)]
pub(super) fn filter_grad<S: Simd>(s: S, m: [S::V; IN]) -> [S::V; 3] {
    let (s1, d1) = (s.add(m[2], m[3]), s.sub(m[2], m[3]));
    let (s2, d2) = (s.add(m[4], m[5]), s.sub(m[4], m[5]));
    let (s3, d3) = (s.add(m[6], m[7]), s.sub(m[6], m[7]));
    let ninths = s.splat(-2.0 / 9.0);
    let (s1, d1) = (s.mul(ninths, s1), s.mul(ninths, d1));
    [
        s.add(sum(s, s1, (1.0 / 90.0, s2), (32.0 / 45.0, s3)), m[0]),
        sum(s, d1, (1.0 / 45.0, d2), (16.0 / 45.0, d3)),
        s.add(sum(s, s1, (2.0 / 45.0, s2), (8.0 / 45.0, s3)), m[1]),
    ]
}

/// Transforms the gradient of the output to the points 0, inf, 1, -1; one half of the transpose of
/// [`output`].
#[inline(always)]
pub(super) fn grad_outer<S: Simd>(s: S, g: [S::V; OUT]) -> [S::V; 4] {
    let even = s.add(s.add(g[0], g[2]), g[4]);
    let odd = s.add(s.add(g[1], g[3]), g[5]);
    [g[0], g[5], s.add(even, odd), s.sub(even, odd)]
}

/// Transforms the gradient of the output to the points 2, -2, 1/2, -1/2; the other half of the transpose of
/// [`output`].
#[inline(always)]
pub(super) fn grad_inner<S: Simd>(s: S, g: [S::V; OUT]) -> [S::V; 4] {
    let (two, half) = (s.splat(2.0), s.splat(0.5));
    let (four, quarter) = (s.splat(4.0), s.splat(0.25));
    // Even and odd parts are evaluated with Horner's rule in the square of the point.
    let even2 = s.fma(four, s.fma(four, g[4], g[2]), g[0]);
    let odd2 = s.mul(two, s.fma(four, s.fma(four, g[5], g[3]), g[1]));
    let even_half = s.fma(quarter, s.fma(quarter, g[4], g[2]), g[0]);
    let odd_half = s.mul(half, s.fma(quarter, s.fma(quarter, g[5], g[3]), g[1]));
    [s.add(even2, odd2), s.sub(even2, odd2), s.add(even_half, odd_half), s.sub(even_half, odd_half)]
}
