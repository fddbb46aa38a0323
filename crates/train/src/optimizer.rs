//! Adam over groups of parameters with their own rates.
//!
//! An iteration has two parts: [`Adam::plan`] computes how large its steps are and puts the numbers onto the device,
//! [`Adam::apply`] takes them. The second is always the same work on the same memory, so that a GPU can replay it.

use crate::Result;
use candle_core::{DType, Device, Tensor};
use kernels::{AdamStep, AdamUpdate, Decay};
use std::collections::HashMap;

/// Adam's state for one network; new at every stage.
#[derive(Debug)]
pub struct Adam {
    slots: Vec<Slot>,
    /// The rate of each group.
    rates: Vec<f64>,
    decay: Decay,
    t: u64,
    /// The numbers of an iteration's steps, `[updates, groups, steps, 2]`.
    planned: Option<Tensor>,
}

#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    /// First and second moment, `[2, n]`.
    moments: Tensor,
    group: usize,
}

impl Adam {
    /// An optimizer of `groups`: named parameters and the rate of each group.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the device has no memory for the moments.
    pub fn new(groups: Vec<(Vec<(String, Tensor)>, f64)>, beta1: f64) -> Result<Self> {
        let mut slots = Vec::new();
        let mut rates = Vec::new();
        for (group, (parameters, rate)) in groups.into_iter().enumerate() {
            rates.push(rate);
            for (name, parameter) in parameters {
                let moments = Tensor::zeros((2, parameter.elem_count()), DType::F32, parameter.device())?;
                slots.push(Slot { name, parameter, moments, group });
            }
        }
        Ok(Self { slots, rates, decay: Decay { beta1, beta2: 0.999 }, t: 0, planned: None })
    }

    /// Moves every parameter `steps` times along its gradient; `gradients` in the order of the groups, rates times `factor`.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where a gradient does not have its parameter's shape, or the device fails.
    pub fn step(&mut self, gradients: &[Tensor], factor: f64, steps: usize) -> Result<()> {
        self.plan(factor, 1, steps)?;
        self.apply(gradients, 0)
    }

    /// Prepares `updates` calls of [`Adam::apply`], each of which makes `steps` steps; rates times `factor`.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the device fails.
    pub fn plan(&mut self, factor: f64, updates: usize, steps: usize) -> Result<()> {
        let mut numbers = Vec::with_capacity(updates * self.rates.len() * steps * 2);
        for _ in 0..updates {
            for rate in &self.rates {
                let (lr, decay, done) = (rate * factor, self.decay, self.t);
                numbers.extend(AdamStep { lr, decay, done, steps: steps as u64 }.values());
            }
            self.t += steps as u64;
        }
        let shape = (updates, self.rates.len(), steps, 2);
        let device = self.slots.first().map_or(&Device::Cpu, |s| s.parameter.device());
        let numbers = Tensor::from_vec(numbers, shape, device)?;
        match &self.planned {
            // Into the same memory: what was recorded reads it there.
            Some(planned) if planned.shape() == numbers.shape() => planned.slice_set(&numbers, 0, 0)?,
            _ => self.planned = Some(numbers),
        }
        Ok(())
    }

    /// Makes the steps of update `update` of the plan.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where there is no plan for it, a gradient does not have its parameter's
    /// shape, or the device fails.
    pub fn apply(&self, gradients: &[Tensor], update: usize) -> Result<()> {
        debug_assert_eq!(self.slots.len(), gradients.len(), "one gradient a parameter");
        let Some(planned) = &self.planned else {
            return Err(candle_core::Error::Msg("Adam was given no plan".into()).into());
        };
        let planned = planned.get(update)?;
        let steps = (0..self.rates.len()).map(|g| planned.get(g)).collect::<candle_core::Result<Vec<_>>>()?;
        let both = self.slots.iter().zip(gradients);
        let updates: Vec<AdamUpdate<'_>> = both
            .map(|(Slot { parameter, moments, group, .. }, gradient)| AdamUpdate {
                parameter,
                moments,
                gradient,
                steps: &steps[*group],
            })
            .collect();
        Ok(kernels::adam(&updates, self.decay)?)
    }

    /// How many steps were made, and the moments by parameter name.
    pub fn state(&self) -> (u64, Vec<(String, Tensor)>) {
        (self.t, self.slots.iter().map(|s| (s.name.clone(), s.moments.clone())).collect())
    }

    /// Takes back what [`Adam::state`] gave.
    ///
    /// # Errors
    /// [`crate::Error::Model`] where moments are missing, left over, or of another shape.
    pub fn restore(&mut self, t: u64, moments: &HashMap<String, Tensor>) -> Result<()> {
        let own: Vec<_> = self.slots.iter().map(|s| (s.name.clone(), s.moments.clone())).collect();
        model::weights::assign(&own, moments)?;
        self.t = t;
        Ok(())
    }
}
