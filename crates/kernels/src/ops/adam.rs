//! The Adam optimizer, updating in place, as PyTorch computes it (without weight decay and AMSGrad).

#[cfg(any(feature = "cuda", feature = "emulate"))]
use crate::gpu;
use crate::storage::{values, values_mut};
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};
use cpu::adam::Factors;

/// One or several consecutive steps that use the same gradient.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Learning rate, positive.
    pub lr: f64,
    /// Decay rates of the moments.
    pub decay: Decay,
    /// Number of steps already made with this state.
    pub done: u64,
    /// Number of steps to make now, all with the same gradient.
    pub steps: u64,
}

/// Decay rates of the moments, each in [0, 1).
#[derive(Clone, Copy, Debug)]
pub struct Decay {
    /// Decay rate of the first moment (PyTorch's `betas[0]`).
    pub beta1: f64,
    /// Decay rate of the second moment (PyTorch's `betas[1]`).
    pub beta2: f64,
}

/// One parameter to update. All its tensors are f32, contiguous and on one device.
#[derive(Clone, Copy, Debug)]
pub struct AdamUpdate<'a> {
    /// The parameter, `n` values, updated in place.
    pub parameter: &'a Tensor,
    /// First and second moments, `[2, n]`, zero before the first step; updated in place.
    pub moments: &'a Tensor,
    /// The gradient, `n` values.
    pub gradient: &'a Tensor,
    /// The coefficients of each step ([`AdamStep::values`]), `[count, 2]`. They are passed as a tensor
    /// because they change in every iteration, while the kernel arguments of a recorded CUDA graph are fixed.
    pub steps: &'a Tensor,
}

/// Updates every parameter by one or several Adam steps. On a GPU, up to 64 parameters share one launch.
///
/// # Errors
/// If `moments` does not have twice as many values as `gradient` or `parameter` not as many, if a tensor is
/// not f32 and contiguous, if the tensors are not all on one device, or if the launch fails.
pub fn adam(updates: &[AdamUpdate<'_>], decay: Decay) -> Result<()> {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        if let Some(first) = updates.first()
            && gpu::takes(first.parameter.device())
        {
            return launch(&gpu::queue(first.parameter.device())?, updates, decay);
        }
    }
    for AdamUpdate { parameter, moments, gradient, steps } in updates {
        let steps = steps.flatten_all()?.to_vec1::<f32>()?;
        let count = steps.len() / 2;
        // The parameter comes first: its pass recomputes the intermediate moments from the old ones, so that
        // neither pass has to store them.
        parameter.inplace_op3(moments, gradient, &Update { decay, steps })?;
        moments.inplace_op2(gradient, &Moments { decay, steps: count })?;
    }
    Ok(())
}

/// Updates the parameters on a GPU, up to 64 in each launch.
#[cfg(any(feature = "cuda", feature = "emulate"))]
fn launch(queue: &gpu::Queue<'_>, updates: &[AdamUpdate<'_>], decay: Decay) -> Result<()> {
    // Parameters per launch and values per block; must equal the constants in `adam.cu`.
    const ENTRIES: usize = 64;
    const VALUES: usize = 1024;
    let factors = decay.factors();
    for updates in updates.chunks(ENTRIES) {
        // The table has the layout of the struct in `adam.cu`, in words of eight bytes.
        let mut table = Vec::with_capacity(6 * ENTRIES);
        let mut blocks = 0;
        for AdamUpdate { parameter, moments, gradient, steps } in updates {
            let n = parameter.elem_count();
            check(moments.elem_count(), gradient.elem_count(), gradient.layout())?;
            check(2 * n, gradient.elem_count(), parameter.layout())?;
            for tensor in [parameter, moments, gradient, steps] {
                table.push(queue.operand(tensor)?.pointer);
            }
            gpu::int(n)?;
            table.push(n as u64 | ((steps.elem_count() / 2) as u64) << 32);
            table.push(blocks as u64);
            blocks += n.div_ceil(VALUES);
        }
        let entries = gpu::int(updates.len())?;
        table.resize(6 * ENTRIES, 0);
        let numbers = [factors.one_minus_beta1, factors.beta2, factors.one_minus_beta2].map(gpu::Arg::F32);
        let table = gpu::Arg::Table { words: &table, entry: 6, addresses: 4 };
        let args = [vec![table, entries], numbers.to_vec()].concat();
        queue.launch(("adam", "adam"), gpu::Grid::blocks([blocks, 1, 1]), &args)?;
    }
    Ok(())
}

impl AdamStep {
    /// The coefficients of each step, `[steps, 2]`, flattened: the learning rate divided by the bias
    /// correction of the first moment, and the square root of the bias correction of the second.
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
    fn factors(self) -> Factors {
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
    /// The coefficients of each step, `[count, 2]`, flattened.
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
        cpu::adam::advance_moments(m, v, g, &factors, steps);
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
        cpu::adam::update_parameter(p, (m, v), g, &factors, &self.steps);
        Ok(())
    }
}

fn check(state: usize, gradient: usize, layout: &Layout) -> Result<()> {
    if state == 2 * gradient {
        return Ok(());
    }
    bail!(
        "adam: parameter, moments [2, n] and gradient do not fit: {gradient} values against {:?}",
        layout.dims()
    )
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
