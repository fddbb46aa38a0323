//! One training iteration, as the paper and its official program have it.
//!
//! `d_steps` critic updates against one fake, then one generator gradient (adversarial plus reconstruction) that Adam
//! applies `g_steps` times. The generator does not change while the critic learns, so one forward pass serves all; fake
//! and reconstruction go through the trained stages as a batch of two; frozen stages are run without a tape, and those of
//! the reconstruction only once a stage.

use crate::Example;
use crate::losses::Losses;
use crate::optimizer::Adam;
use crate::{Result, TrainConfig};
use candle_core::{DType, Tensor};
use model::{Discriminator, Generator, Inputs};

/// Everything that stays the same through a stage, and the buffers for its noise.
#[derive(Debug)]
pub struct StageInputs {
    /// The stage's picture, `[1, H, W, C]` in [-1, 1].
    pub real: Tensor,
    /// What the fixed input must give, which is the stage's picture unless a task has other examples.
    target: Tensor,
    /// Height and width of every stage up to this one.
    pub sizes: Vec<(usize, usize)>,
    /// Noise amplitude of every stage up to this one.
    pub amps: Vec<f64>,
    /// The first stage that is trained; those below are frozen.
    first: usize,
    /// Noise of each stage: one sample below `first`, from there on two, fresh noise and fixed noise.
    noise: Vec<Tensor>,
    /// The reconstruction's features below `first`.
    below: Option<Tensor>,
    /// The fixed noise that they were made from.
    fixed_below: Vec<Tensor>,
    /// The mixing factor of each critic step's penalty.
    alphas: Tensor,
    /// What the last iteration's losses were.
    pub losses: Losses,
}

impl StageInputs {
    /// Prepares a stage: `fixed` is the fixed noise of every stage up to this one, `[1, H, W, C]` each.
    pub fn new(
        g: &Generator,
        config: &TrainConfig,
        real: Tensor,
        sizes: &[(usize, usize)],
        amps: &[f64],
        fixed: &[Tensor],
    ) -> Result<Self> {
        let stages = g.stages();
        let first = stages.saturating_sub(config.train_depth);
        let below = if first == 0 {
            None
        } else {
            Some(g.features(Inputs { noise: fixed, sizes, amps }, None, 0..first)?)
        };
        let buffer = |(k, fixed): (usize, &Tensor)| {
            let fresh = fixed.zeros_like()?;
            if k < first { Ok(fresh) } else { Tensor::cat(&[&fresh, fixed], 0) }
        };
        let noise = fixed.iter().enumerate().map(buffer).collect::<candle_core::Result<_>>()?;
        let fixed_below = fixed[..first].to_vec();
        // A buffer of its own, that an example may be written to: what is replayed reads it there.
        let (target, sizes, amps) = (real.copy()?, sizes.to_vec(), amps.to_vec());
        let alphas = Tensor::zeros(config.d_steps, DType::F32, real.device())?;
        let losses = Losses(Tensor::zeros(5, DType::F32, real.device())?);
        Ok(StageInputs { real, target, sizes, amps, first, noise, below, fixed_below, alphas, losses })
    }

    /// Puts an example in the place of stage 0's fixed input and of the picture that it must give back.
    pub fn replace_fixed(&self, g: &Generator, example: Example) -> Result<()> {
        self.target.slice_set(&example.target.contiguous()?, 0, 0)?;
        let Some(below) = &self.below else {
            return Ok(self.noise[0].slice_set(&example.input, 0, 1)?);
        };
        let noise: Vec<Tensor> =
            std::iter::once(example.input).chain(self.fixed_below.iter().skip(1).cloned()).collect();
        let inputs = Inputs { noise: &noise, sizes: &self.sizes, amps: &self.amps };
        Ok(below.slice_set(&g.features(inputs, None, 0..self.first)?, 0, 0)?)
    }

    /// Where each stage's fresh noise goes, `[1, H, W, C]`: views of the buffers that are to be overwritten in place.
    pub fn fresh_noise(&self) -> Result<Vec<Tensor>> {
        Ok(self.noise.iter().map(|z| z.narrow(0, 0, 1)).collect::<candle_core::Result<_>>()?)
    }
}

/// The optimizers of a stage: the critic's, and the generator's with one rate a trained stage.
///
/// The last stage and the tail learn with `lr_g`, each stage below with `lr_scale` times the rate of the one above, the head
/// (only while it is within the train depth) with the rate of stage 0.
pub fn optimizers(g: &Generator, d: &Discriminator, config: &TrainConfig) -> Result<(Adam, Adam)> {
    let (depth, first) = (g.stages() - 1, g.stages().saturating_sub(config.train_depth));
    let rate = |steps: usize| config.lr_g * config.lr_scale.powi(steps as i32);
    let mut groups = Vec::new();
    if first == 0 {
        groups.push((g.head_parameters(), rate(depth)));
    }
    for stage in first..=depth {
        groups.push((g.stage_parameters(stage), rate(depth - stage)));
    }
    groups.push((g.tail_parameters(), rate(0)));
    Ok((Adam::new(vec![(d.parameters(), config.lr_d)], config.beta1)?, Adam::new(groups, config.beta1)?))
}

/// Puts an iteration's numbers onto the device: `alphas` mix the penalty's pictures, one a critic step, `factor` multiplies
/// the rates.
pub fn prepare(
    (opt_d, opt_g): (&mut Adam, &mut Adam),
    inputs: &StageInputs,
    alphas: &[f32],
    factor: f64,
    config: &TrainConfig,
) -> Result<()> {
    inputs.alphas.slice_set(&Tensor::new(alphas, inputs.alphas.device())?, 0, 0)?;
    opt_d.plan(factor, config.d_steps, 1)?;
    opt_g.plan(factor, 1, config.g_steps)
}

/// One iteration with the noise that stands in the buffers of `inputs` and the numbers that [`prepare`] put there. It is the
/// same work on the same memory each time, so that a card can replay it; its losses are in `inputs` behind it.
pub fn step(
    g: &Generator,
    d: &Discriminator,
    (opt_d, opt_g): (&Adam, &Adam),
    inputs: &StageInputs,
    config: &TrainConfig,
) -> Result<()> {
    let StageInputs { real, target, sizes, amps, first, noise, below, alphas, losses, .. } = inputs;
    let stage_inputs = Inputs { noise, sizes, amps };
    let generator_packed = g.keep_packed()?;
    let below = match below {
        None => None,
        Some(rec) => Some(Tensor::cat(&[&g.features(stage_inputs, None, 0..*first)?, rec], 0)?),
    };
    let tape = g.forward_tape(stage_inputs, below.as_ref(), *first)?;
    let fake = tape.picture().narrow(0, 0, 1)?;
    let rec = tape.picture().narrow(0, 1, 1)?;

    for update in 0..config.d_steps {
        let alpha = alphas.narrow(0, update, 1)?;
        let critic = {
            let _packed = d.keep_packed()?;
            d.critic_step(real, &fake, &alpha, config.lambda_grad as f32)?
        };
        opt_d.apply(&critic.gradients, update)?;
        if update + 1 == config.d_steps {
            for (k, loss) in [critic.real, critic.fake, critic.penalty].iter().enumerate() {
                losses.0.slice_set(loss, 0, k)?;
            }
        }
    }

    let (score, fake_gradient) = {
        let _packed = d.keep_packed()?;
        d.score_gradient(&fake, -1.0)?
    };
    let (rec_loss, rec_gradient) = kernels::mse(&rec, target, config.alpha as f32)?;
    let gradients = g.backward(&tape, &Tensor::cat(&[fake_gradient, rec_gradient], 0)?)?;
    drop(generator_packed);
    opt_g.apply(&gradients, 0)?;
    losses.0.slice_set(&score, 0, 3)?;
    losses.0.slice_set(&rec_loss, 0, 4)?;
    Ok(())
}

/// Noise amplitude of a new stage: `noise_amp` times the root mean square error of the reconstruction with this stage's
/// noise off; 1 for stage 0. `fixed` includes the new stage's noise, `amps` ends with the stage below.
pub fn calibrate(
    g: &Generator,
    config: &TrainConfig,
    real: &Tensor,
    sizes: &[(usize, usize)],
    amps: &[f64],
    fixed: &[Tensor],
) -> Result<f64> {
    if amps.is_empty() {
        return Ok(1.0);
    }
    let amps: Vec<f64> = amps.iter().copied().chain([0.0]).collect();
    let rec = g.forward(Inputs { noise: fixed, sizes, amps: &amps })?;
    let (error, _) = kernels::mse(&rec, real, 1.0)?;
    Ok(config.noise_amp * f64::from(error.to_vec1::<f32>()?[0]).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Storage};
    use kernels::{Purpose, Stream, normal};

    /// A recorded iteration goes on reading where it read first.
    #[test]
    fn an_example_goes_where_the_one_before_stood() -> Result<()> {
        let config = TrainConfig { filters: 4, layers: 1, train_depth: 1, ..TrainConfig::default() };
        let stream = |level| Stream { seed: 1, purpose: Purpose::Other, stage: 0, level, iteration: 0 };
        let mut g = Generator::new(&config.net(3), stream(0), &Device::Cpu)?;
        g.grow()?;
        let picture = |level, (h, w)| normal(stream(level), (0, 0), (h, w, 3), &Device::Cpu);
        let sizes = [(9, 10), (11, 12)];
        let shape = config.net(3).noise_shape(1, sizes[1]);
        let fixed = [picture(1, sizes[0])?, normal(stream(2), (0, 0), shape, &Device::Cpu)?];
        let real = picture(3, sizes[1])?;
        let inputs = StageInputs::new(&g, &config, real.copy()?, &sizes, &[1.0, 0.1], &fixed)?;
        let values = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
        let address = |t: &Tensor| match &*t.storage_and_layout().0 {
            Storage::Cpu(storage) => storage.as_slice::<f32>().map(|v| v.as_ptr() as usize),
            _ => unreachable!("all is on the CPU"),
        };
        let (target, below) = (address(&inputs.target)?, inputs.below.as_ref().map(address).transpose()?);
        for level in 4..7 {
            let example =
                Example { input: picture(level, sizes[0])?, target: picture(10 + level, sizes[1])? };
            let wanted = values(&example.target)?;
            inputs.replace_fixed(&g, example)?;
            assert_eq!(values(&inputs.target)?, wanted);
        }
        assert_eq!(address(&inputs.target)?, target);
        assert_eq!(inputs.below.as_ref().map(address).transpose()?, below);
        assert_eq!(values(&inputs.real)?, values(&real)?);
        Ok(())
    }
}
