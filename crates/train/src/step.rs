//! One training iteration, as the paper and its official program have it.
//!
//! `d_steps` critic updates against one fake, then one generator gradient (adversarial plus reconstruction) that Adam
//! applies `g_steps` times. The generator does not change while the critic learns, so one forward pass serves all; fake
//! and reconstruction go through the trained stages as a batch of two; frozen stages are run without a tape, and those of
//! the reconstruction only once a stage.

use crate::loss_buffer::LossBuffer;
use crate::networks::Networks;
use crate::sample::Model;
use crate::{Example, Result, TrainConfig};
use candle_core::{DType, Tensor};
use model::GeneratorTape;
use std::iter;

/// Everything that stays the same through a stage, and the buffers for what does not: noise, mixing factors, losses.
#[derive(Debug)]
pub struct StageInputs {
    /// The stage's picture, `[1, H, W, C]` in [-1, 1].
    pub real: Tensor,
    /// The generator that is trained (it shares its weights with that of [`Networks`]), with its amplitudes,
    /// sizes and fixed noise.
    pub model: Model,
    /// The losses of the last iteration.
    pub losses: LossBuffer,
    /// What the fixed input must give, which is the stage's picture unless a task has other examples.
    target: Tensor,
    /// The first stage that is trained; those below are frozen.
    first_trained: usize,
    /// Noise of each stage: one sample below `first_trained`, from there on two, fresh noise and fixed noise.
    noise: Vec<Tensor>,
    /// The reconstruction's features below `first_trained`.
    below: Option<Tensor>,
    /// The mixing factor of each critic step's penalty.
    alphas: Tensor,
}

impl StageInputs {
    /// Prepares the training of the last stage of `model` on the picture `real`. Sizes are those of training.
    ///
    /// # Errors
    /// [`crate::Error::StageCount`] where the lists of the model do not have an item a stage;
    /// [`crate::Error::Model`] and [`crate::Error::Tensor`] where the device has no memory for the buffers.
    pub fn new(model: Model, config: &TrainConfig, real: Tensor) -> Result<Self> {
        model.check()?;
        let first_trained = model.generator.stages().saturating_sub(config.train_depth);
        let below = if first_trained == 0 {
            None
        } else {
            Some(model.generator.features(model.inputs(&model.fixed), None, 0..first_trained)?)
        };
        let buffer = |(stage, fixed): (usize, &Tensor)| {
            let fresh = fixed.zeros_like()?;
            if stage < first_trained { Ok(fresh) } else { Tensor::cat(&[&fresh, fixed], 0) }
        };
        let noise = model.fixed.iter().enumerate().map(buffer).collect::<candle_core::Result<_>>()?;
        // The target has a buffer of its own, to which examples are written, because a replayed iteration
        // reads it there.
        let target = real.copy()?;
        let alphas = Tensor::zeros(config.d_steps, DType::F32, real.device())?;
        let losses = LossBuffer::new(real.device())?;
        Ok(Self { real, model, losses, target, first_trained, noise, below, alphas })
    }

    /// Replaces stage 0's fixed input, and the picture that it must reconstruct, by an example.
    ///
    /// # Errors
    /// [`crate::Error::Model`] and [`crate::Error::Tensor`] where the example does not have the sizes of
    /// those two.
    pub fn replace_fixed(&self, example: Example) -> Result<()> {
        self.target.slice_set(&example.target.contiguous()?, 0, 0)?;
        let Some(below) = &self.below else {
            return Ok(self.noise[0].slice_set(&example.input, 0, 1)?);
        };
        let fixed_above = self.model.fixed[1..self.first_trained].iter().cloned();
        let noise: Vec<Tensor> = iter::once(example.input).chain(fixed_above).collect();
        let features =
            self.model.generator.features(self.model.inputs(&noise), None, 0..self.first_trained)?;
        Ok(below.slice_set(&features, 0, 0)?)
    }

    /// Where each stage's fresh noise goes, `[1, H, W, C]`: views of the buffers that are to be overwritten in place.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`], but never on buffers that [`StageInputs::new`] made.
    pub fn fresh_noise(&self) -> Result<Vec<Tensor>> {
        Ok(self.noise.iter().map(|z| z.narrow(0, 0, 1)).collect::<candle_core::Result<_>>()?)
    }
}

/// Writes an iteration's numbers to the device: `alphas` mix the penalty's pictures, one for each critic
/// step, and `factor` multiplies the learning rates.
///
/// # Errors
/// [`crate::Error::Tensor`] where there are not `d_steps` factors, or the device fails.
pub fn prepare(
    networks: &mut Networks,
    inputs: &StageInputs,
    alphas: &[f32],
    factor: f64,
    config: &TrainConfig,
) -> Result<()> {
    inputs.alphas.slice_set(&Tensor::new(alphas, inputs.alphas.device())?, 0, 0)?;
    networks.opt_d.plan(factor, config.d_steps, 1)?;
    networks.opt_g.plan(factor, 1, config.g_steps)
}

/// One iteration with the noise in the buffers of `inputs` and the numbers that [`prepare`] wrote there. The
/// losses are left in `inputs.losses`. It is the same work on the same memory each time, so that a GPU can
/// replay it.
///
/// # Errors
/// [`crate::Error::Model`] and [`crate::Error::Tensor`] where the device fails.
pub fn step(networks: &Networks, inputs: &StageInputs, config: &TrainConfig) -> Result<()> {
    // The generator's weights stay as they are until its gradient is known.
    let generator_packed = networks.generator.keep_packed()?;
    let tape = fake_and_reconstruction(networks, inputs)?;
    let fake = tape.picture().narrow(0, 0, 1)?;
    critic_steps(networks, inputs, config, &fake)?;
    let gradients = generator_gradients(networks, inputs, config, &tape, &fake)?;
    drop(generator_packed);
    networks.opt_g.apply(&gradients, 0)
}

/// Runs the generator once, for both pictures that an iteration is about: G(noise) and G(fixed noise), a batch of two.
fn fake_and_reconstruction(networks: &Networks, inputs: &StageInputs) -> Result<GeneratorTape> {
    let (generator, first_trained) = (&networks.generator, inputs.first_trained);
    let stage_inputs = inputs.model.inputs(&inputs.noise);
    let below = match &inputs.below {
        None => None,
        Some(of_reconstruction) => {
            let of_fake = generator.features(stage_inputs, None, 0..first_trained)?;
            Some(Tensor::cat(&[&of_fake, of_reconstruction], 0)?)
        }
    };
    Ok(generator.forward_tape(stage_inputs, below.as_ref(), first_trained)?)
}

/// # The critic
///
/// `d_steps` times one step down
///
/// ```text
/// L_D = mean D(fake) - mean D(real) + lambda_grad * mean (|grad D(mix)| - 1)^2,   mix = alpha * real + (1 - alpha) * fake
/// ```
fn critic_steps(
    networks: &Networks,
    inputs: &StageInputs,
    config: &TrainConfig,
    fake: &Tensor,
) -> Result<()> {
    for update in 0..config.d_steps {
        let alpha = inputs.alphas.narrow(0, update, 1)?;
        let critic = {
            let _packed = networks.discriminator.keep_packed()?;
            networks.discriminator.critic_step(&inputs.real, fake, &alpha, config.lambda_grad as f32)?
        };
        networks.opt_d.apply(&critic.gradients, update)?;
        if update + 1 == config.d_steps {
            inputs.losses.set_critic(&critic)?;
        }
    }
    Ok(())
}

/// # The generator
///
/// The gradient, for the trained stages, of
///
/// ```text
/// L_G = - mean D(fake) + alpha * mean (reconstruction - target)^2
/// ```
fn generator_gradients(
    networks: &Networks,
    inputs: &StageInputs,
    config: &TrainConfig,
    tape: &GeneratorTape,
    fake: &Tensor,
) -> Result<Vec<Tensor>> {
    let (score, at_fake) = {
        let _packed = networks.discriminator.keep_packed()?;
        networks.discriminator.score_gradient(fake, -1.0)?
    };
    let reconstruction = tape.picture().narrow(0, 1, 1)?;
    let (error, at_reconstruction) = kernels::mse(&reconstruction, &inputs.target, config.alpha as f32)?;
    inputs.losses.set_generator(&score, &error)?;
    Ok(networks.generator.backward(tape, &Tensor::cat(&[at_fake, at_reconstruction], 0)?)?)
}

/// Noise amplitude of the last stage of `model`: `noise_amp` times the root mean square error of the
/// reconstruction of `real` with this stage's noise off; 1 for stage 0. The model's own last amplitude is
/// ignored.
///
/// # Errors
/// [`crate::Error::StageCount`] where the lists of the model do not have an item a stage;
/// [`crate::Error::Model`] and [`crate::Error::Tensor`] where its sizes do not fit the picture.
pub fn calibrate(model: &Model, config: &TrainConfig, real: &Tensor) -> Result<f64> {
    model.check()?;
    let mut quiet = model.clone();
    match quiet.amps.as_mut_slice() {
        [] | [_] => return Ok(1.0),
        [.., last] => *last = 0.0,
    }
    let reconstruction = quiet.generator.forward(quiet.inputs(&quiet.fixed))?;
    let (error, _) = kernels::mse(&reconstruction, real, 1.0)?;
    Ok(config.noise_amp * f64::from(error.to_vec1::<f32>()?[0]).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams;
    use candle_core::{Device, Storage};
    use kernels::normal;
    use model::{Generator, first_weights};

    /// A recorded iteration keeps reading from the same addresses.
    #[test]
    fn an_example_goes_where_the_one_before_stood() -> Result<()> {
        let config = TrainConfig { filters: 4, layers: 1, train_depth: 1, ..TrainConfig::default() };
        let net = config.net(3);
        let first = first_weights::generator(&net, streams::generator_weights(1), &Device::Cpu);
        let picture = |index, (h, w)| normal(streams::fixed_noise(1, index), (0, 0), (h, w, 3), &Device::Cpu);
        let sizes = vec![(9, 10), (11, 12)];
        let noise = normal(streams::fixed_noise(1, 2), (0, 0), net.noise_shape(1, sizes[1]), &Device::Cpu)?;
        let model = Model {
            generator: Generator::new(&net, 2, first)?,
            amps: vec![1.0, 0.1],
            sizes: sizes.clone(),
            fixed: vec![picture(1, sizes[0])?, noise],
        };
        let real = picture(3, sizes[1])?;
        let inputs = StageInputs::new(model, &config, real.copy()?)?;
        let values = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
        let address = |t: &Tensor| match &*t.storage_and_layout().0 {
            Storage::Cpu(storage) => storage.as_slice::<f32>().map(|v| v.as_ptr() as usize),
            _ => unreachable!("all is on the CPU"),
        };
        let (target, below) = (address(&inputs.target)?, inputs.below.as_ref().map(address).transpose()?);
        for index in 4..7 {
            let example =
                Example { input: picture(index, sizes[0])?, target: picture(10 + index, sizes[1])? };
            let wanted = values(&example.target)?;
            inputs.replace_fixed(example)?;
            assert_eq!(values(&inputs.target)?, wanted);
        }
        assert_eq!(address(&inputs.target)?, target);
        assert_eq!(inputs.below.as_ref().map(address).transpose()?, below);
        assert_eq!(values(&inputs.real)?, values(&real)?);
        Ok(())
    }
}
