//! The loops of the Adam optimizer, computed as in PyTorch.
#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets

use crate::blocks::blocks;
use crate::widest::widest;

const EPS: f32 = 1e-8;

/// Values in a block: small enough that the largest weights are divided among several workers.
const BLOCK: usize = 4096;

/// Values computed together in one step of the inner loop.
const LANES: usize = 16;

/// Constants derived from the decay rates of the moments, in the form that the loops use.
#[derive(Clone, Copy, Debug)]
pub struct Factors {
    /// One minus the decay of the first moment.
    pub one_minus_beta1: f32,
    /// The decay of the second moment.
    pub beta2: f32,
    /// One minus the decay of the second moment.
    pub one_minus_beta2: f32,
}

/// Advances the first moments `m` and the second moments `v` by `steps` steps with the gradient `g`. All
/// three have the same length.
pub fn advance_moments(m: &mut [f32], v: &mut [f32], g: &[f32], factors: &Factors, steps: usize) {
    blocks(m, BLOCK, |i, m| first_moment(m, &g[i * BLOCK..], factors, steps));
    blocks(v, BLOCK, |i, v| second_moment(v, &g[i * BLOCK..], factors, steps));
}

/// Updates the parameter `p` with the gradient `g`, where `m` and `v` are the moments before the first of
/// these steps. All four have the same length. `steps` holds two values for each step: the learning rate
/// divided by the bias correction of the first moment, and the square root of the bias correction of the
/// second.
pub fn update_parameter(
    p: &mut [f32],
    (m, v): (&[f32], &[f32]),
    g: &[f32],
    factors: &Factors,
    steps: &[f32],
) {
    blocks(p, BLOCK, |i, p| {
        let first = i * BLOCK;
        update(p, &m[first..], &v[first..], &g[first..], factors, steps);
    });
}

widest! {
    fn first_moment(m: &mut [f32], g: &[f32], factors: &Factors, steps: usize) = first_moment_with
}

#[inline(always)]
fn first_moment_with(m: &mut [f32], g: &[f32], factors: &Factors, steps: usize) {
    for _ in 0..steps {
        for (m, &g) in m.iter_mut().zip(g) {
            *m += (g - *m) * factors.one_minus_beta1;
        }
    }
}

widest! {
    fn second_moment(v: &mut [f32], g: &[f32], factors: &Factors, steps: usize) = second_moment_with
}

#[inline(always)]
fn second_moment_with(v: &mut [f32], g: &[f32], factors: &Factors, steps: usize) {
    for _ in 0..steps {
        for (v, &g) in v.iter_mut().zip(g) {
            *v = *v * factors.beta2 + g * g * factors.one_minus_beta2;
        }
    }
}

widest! {
    fn update(
        p: &mut [f32], m: &[f32], v: &[f32], g: &[f32], factors: &Factors, steps: &[f32],
    ) = update_with
}

#[inline(always)]
fn update_with(p: &mut [f32], m: &[f32], v: &[f32], g: &[f32], factors: &Factors, steps: &[f32]) {
    for (i, p) in p.chunks_mut(LANES).enumerate() {
        let at = i * LANES;
        let n = p.len();
        let lanes = |x: &[f32]| {
            let mut lanes = [0f32; LANES];
            lanes[..n].copy_from_slice(&x[at..at + n]);
            lanes
        };
        let (mut m, mut v, g) = (lanes(m), lanes(v), lanes(g));
        let mut values = [0f32; LANES];
        values[..n].copy_from_slice(p);
        for step in steps.chunks_exact(2) {
            let (size, root) = (step[0], step[1]);
            for l in 0..LANES {
                m[l] += (g[l] - m[l]) * factors.one_minus_beta1;
                v[l] = v[l] * factors.beta2 + g[l] * g[l] * factors.one_minus_beta2;
                values[l] -= size * (m[l] / (v[l].sqrt() / root + EPS));
            }
        }
        p.copy_from_slice(&values[..n]);
    }
}
