//! Adam in place, as PyTorch computes it (no weight decay, no AMSGrad).

use crate::map::{BLOCK, blocks};
use crate::storage::{values, values_mut};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

/// One step's numbers.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// How many steps this one makes, counted from 1.
    pub t: u64,
}

const EPS: f64 = 1e-8;

/// Updates `parameter` by one step along `gradient`, and `moments [2, n]` (first and second moment of the `n` values,
/// zero before the first step).
pub fn adam(parameter: &Tensor, moments: &Tensor, gradient: &Tensor, step: AdamStep) -> Result<()> {
    moments.inplace_op2(gradient, &Moments(step))?;
    parameter.inplace_op2(moments, &Update(step))
}

struct Moments(AdamStep);

impl InplaceOp2 for Moments {
    fn name(&self) -> &'static str {
        "adam_moments"
    }

    fn cpu_fwd(&self, s: &mut CpuStorage, ls: &Layout, g: &CpuStorage, lg: &Layout) -> Result<()> {
        let (state, g) = (values_mut(s, ls)?, values(g, lg)?);
        if state.len() != 2 * g.len() {
            bail!("adam: moments {:?} for a gradient {:?}", ls.dims(), lg.dims())
        }
        let (m, v) = state.split_at_mut(g.len());
        let (one_b1, b2, one_b2) = ((1.0 - self.0.beta1) as f32, self.0.beta2 as f32, (1.0 - self.0.beta2) as f32);
        for ((m, v), &g) in m.iter_mut().zip(v).zip(g) {
            *m += (g - *m) * one_b1;
            *v = *v * b2 + g * g * one_b2;
        }
        Ok(())
    }
}

struct Update(AdamStep);

impl InplaceOp2 for Update {
    fn name(&self) -> &'static str {
        "adam_update"
    }

    fn cpu_fwd(&self, p: &mut CpuStorage, lp: &Layout, s: &CpuStorage, ls: &Layout) -> Result<()> {
        let (p, state) = (values_mut(p, lp)?, values(s, ls)?);
        if state.len() != 2 * p.len() {
            bail!("adam: moments {:?} for a parameter {:?}", ls.dims(), lp.dims())
        }
        let AdamStep { lr, beta1, beta2, t } = self.0;
        let step = (lr / (1.0 - beta1.powf(t as f64))) as f32;
        let root = (1.0 - beta2.powf(t as f64)).sqrt() as f32;
        let (m, v) = state.split_at(p.len());
        blocks(p, BLOCK, |i, p| {
            let from = i * BLOCK;
            for ((p, m), v) in p.iter_mut().zip(&m[from..]).zip(&v[from..]) {
                *p -= step * (m / (v.sqrt() / root + EPS as f32));
            }
        });
        Ok(())
    }
}
