//! Adam in place, as PyTorch computes it (no weight decay, no AMSGrad).

#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets

use crate::map::blocks;
use crate::storage::{values, values_mut};
use crate::widest::widest;
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};

/// One or several steps along one gradient.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the moments.
    pub decay: Decay,
    /// Steps made before.
    pub done: u64,
    /// Steps to make now, all along the same gradient.
    pub steps: u64,
}

const EPS: f32 = 1e-8;

/// Values in a block: a few of them for the largest weights, so that they spread over the workers.
const BLOCK: usize = 4096;

/// Values worked on at once.
const LANES: usize = 16;

/// How fast the moments forget.
#[derive(Clone, Copy, Debug)]
pub struct Decay {
    /// Of the first moment.
    pub beta1: f64,
    /// Of the second moment.
    pub beta2: f64,
}

/// One parameter to update, all tensors on one device.
#[derive(Clone, Copy, Debug)]
pub struct AdamUpdate<'a> {
    /// What is updated in place, `n` values.
    pub parameter: &'a Tensor,
    /// First and second moment, `[2, n]`, zero before the first step; updated as well.
    pub moments: &'a Tensor,
    /// The gradient, `n` values.
    pub gradient: &'a Tensor,
    /// The numbers of each step ([`AdamStep::values`]), `[count, 2]`. They stand in a tensor because they change from iteration
    /// to iteration, where a recorded iteration on a card does not.
    pub steps: &'a Tensor,
}

/// Updates parameters by one or several steps along their gradients; on a card all of them at once.
pub fn adam(updates: &[AdamUpdate<'_>], decay: Decay) -> Result<()> {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        if let Some(first) = updates.first()
            && crate::device::takes(first.parameter.device())
        {
            return crate::device::adam(updates, decay);
        }
    }
    for AdamUpdate { parameter, moments, gradient, steps } in updates {
        let steps = steps.flatten_all()?.to_vec1::<f32>()?;
        let count = steps.len() / 2;
        // The parameter first: it makes the moments' way for itself, so that neither pass stores what the other needs.
        parameter.inplace_op3(moments, gradient, &Update { decay, steps })?;
        moments.inplace_op2(gradient, &Moments { decay, steps: count })?;
    }
    Ok(())
}

/// What the loops need of the decay, in f32.
#[derive(Clone, Copy)]
pub(crate) struct Factors {
    pub(crate) one_minus_beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) one_minus_beta2: f32,
}

impl AdamStep {
    /// For each step its size and the root of the second moment's bias correction: `[steps, 2]`, flat.
    pub fn values(&self) -> Vec<f32> {
        let Decay { beta1, beta2 } = self.decay;
        let step = |t: u64| {
            let size = self.lr / (1.0 - beta1.powf(t as f64));
            [size as f32, (1.0 - beta2.powf(t as f64)).sqrt() as f32]
        };
        (self.done + 1..=self.done + self.steps).flat_map(step).collect()
    }
}

impl Decay {
    pub(crate) fn factors(self) -> Factors {
        Factors {
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
        }
    }
}

struct Moments {
    decay: Decay,
    steps: usize,
}

struct Update {
    decay: Decay,
    /// `[count, 2]`
    steps: Vec<f32>,
}

impl InplaceOp2 for Moments {
    fn name(&self) -> &'static str {
        "adam_moments"
    }

    fn cpu_fwd(&self, s: &mut CpuStorage, ls: &Layout, g: &CpuStorage, lg: &Layout) -> Result<()> {
        let (state, g) = (values_mut(s, ls)?, values(g, lg)?);
        check(state.len(), g.len(), lg)?;
        let (factors, steps) = (self.decay.factors(), self.steps);
        let (m, v) = state.split_at_mut(g.len());
        blocks(m, BLOCK, |i, m| first_moment(m, &g[i * BLOCK..], &factors, steps));
        blocks(v, BLOCK, |i, v| second_moment(v, &g[i * BLOCK..], &factors, steps));
        Ok(())
    }
}

impl InplaceOp3 for Update {
    fn name(&self) -> &'static str {
        "adam_update"
    }

    fn cpu_fwd(
        &self,
        p: &mut CpuStorage,
        lp: &Layout,
        s: &CpuStorage,
        ls: &Layout,
        g: &CpuStorage,
        lg: &Layout,
    ) -> Result<()> {
        let (p, state, g) = (values_mut(p, lp)?, values(s, ls)?, values(g, lg)?);
        check(state.len(), g.len(), lg)?;
        check(2 * p.len(), g.len(), lp)?;
        let factors = self.decay.factors();
        let (m, v) = state.split_at(g.len());
        blocks(p, BLOCK, |i, p| {
            let at = i * BLOCK;
            update(p, &m[at..], &v[at..], &g[at..], &factors, &self.steps);
        });
        Ok(())
    }
}

pub(crate) fn check(state: usize, gradient: usize, layout: &Layout) -> Result<()> {
    if state == 2 * gradient {
        return Ok(());
    }
    bail!(
        "adam: parameter, moments [2, n] and gradient do not fit: {gradient} values against {:?}",
        layout.dims()
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    const DECAY: Decay = Decay { beta1: 0.5, beta2: 0.999 };

    #[test]
    fn several_steps_at_once_are_several_steps() -> Result<()> {
        let values = |f: fn(f32) -> f32| {
            Tensor::from_vec((0..10_007).map(|i| f(i as f32)).collect(), 10_007, &Device::Cpu)
        };
        let gradient = values(|i| (i * 0.37).sin())?;
        let run = |parts: &[u64]| -> Result<Vec<f32>> {
            let (p, state) =
                (values(|i| (i * 0.11).cos())?, Tensor::zeros((2, 10_007), DType::F32, &Device::Cpu)?);
            let mut done = 0;
            for &steps in parts {
                let steps_now = AdamStep { lr: 1e-3, decay: DECAY, done, steps }.values();
                let now = Tensor::from_vec(steps_now, (steps as usize, 2), &Device::Cpu)?;
                adam(
                    &[AdamUpdate { parameter: &p, moments: &state, gradient: &gradient, steps: &now }],
                    DECAY,
                )?;
                done += steps;
            }
            Ok([p.to_vec1::<f32>()?, state.flatten_all()?.to_vec1()?].concat())
        };
        assert_eq!(run(&[3])?, run(&[1, 1, 1])?);
        Ok(())
    }

    #[test]
    fn the_first_step_has_the_size_of_the_rate() -> Result<()> {
        let p = Tensor::new(&[1f32, 1.0, 1.0], &Device::Cpu)?;
        let state = Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;
        let gradient = Tensor::new(&[2f32, -0.5, 0.0], &Device::Cpu)?;
        let step = AdamStep { lr: 0.1, decay: DECAY, done: 0, steps: 1 }.values();
        let step = Tensor::from_vec(step, (1, 2), &Device::Cpu)?;
        adam(&[AdamUpdate { parameter: &p, moments: &state, gradient: &gradient, steps: &step }], DECAY)?;
        for (value, expected) in p.to_vec1::<f32>()?.into_iter().zip([0.9, 1.1, 1.0]) {
            assert!((value - expected).abs() < 1e-5, "{value} instead of {expected}");
        }
        Ok(())
    }
}
