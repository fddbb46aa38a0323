//! Adam over groups of parameters with their own rates.

use crate::Result;
use candle_core::{DType, Tensor};
use kernels::AdamStep;
use std::collections::HashMap;

/// Adam's state for one network; new at every stage.
#[derive(Debug)]
pub struct Adam {
    slots: Vec<Slot>,
    beta1: f64,
    t: u64,
}

#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    /// First and second moment, `[2, n]`.
    moments: Tensor,
    lr: f64,
}

impl Adam {
    /// An optimizer of `groups`: named parameters and the rate of each group.
    pub fn new(groups: Vec<(Vec<(String, Tensor)>, f64)>, beta1: f64) -> Result<Self> {
        let mut slots = Vec::new();
        for (parameters, lr) in groups {
            for (name, parameter) in parameters {
                let moments = Tensor::zeros((2, parameter.elem_count()), DType::F32, parameter.device())?;
                slots.push(Slot { name, parameter, moments, lr });
            }
        }
        Ok(Adam { slots, beta1, t: 0 })
    }

    /// Moves every parameter `steps` times along its gradient; `gradients` in the order of the groups, rates times `factor`.
    pub fn step(&mut self, gradients: &[Tensor], factor: f64, steps: usize) -> Result<()> {
        debug_assert_eq!(self.slots.len(), gradients.len(), "one gradient a parameter");
        let (beta1, done, steps) = (self.beta1, self.t, steps as u64);
        for (slot, gradient) in self.slots.iter().zip(gradients) {
            let step = AdamStep { lr: slot.lr * factor, beta1, beta2: 0.999, done, steps };
            kernels::adam(&slot.parameter, &slot.moments, gradient, step)?;
        }
        self.t += steps;
        Ok(())
    }

    /// How many steps were made, and the moments by parameter name.
    pub fn state(&self) -> (u64, Vec<(String, Tensor)>) {
        (self.t, self.slots.iter().map(|s| (s.name.clone(), s.moments.clone())).collect())
    }

    /// Takes back what [`Adam::state`] gave.
    pub fn restore(&mut self, t: u64, moments: &HashMap<String, Tensor>) -> Result<()> {
        let own: Vec<_> = self.slots.iter().map(|s| (s.name.clone(), s.moments.clone())).collect();
        model::weights::assign(&own, moments)?;
        self.t = t;
        Ok(())
    }
}
