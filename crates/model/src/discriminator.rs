//! The discriminator (a patch critic) and the gradients of its loss, penalty included.

use crate::block::{Act, Block, Conv, Gradient, Tape, chain_forward, chain_output, resolve};
use crate::{NetConfig, Result};
use candle_core::{Module, Tensor};
use candle_nn::VarBuilder;
use kernels::{WeightGradOf, WeightGrads};
use std::ops::Range;

/// A chain of `layers + 1` blocks and a last convolution to one channel; no padding, no normalisation.
///
/// As a [`Module`] it scores patches of [`NetConfig::receptive_field`] = r pixels a side: `[N, H, W, C]` to
/// `[N, H - r + 1, W - r + 1, 1]`. A clone shares its weights with the original, as clones of candle's models do.
#[derive(Clone, Debug)]
pub struct Discriminator {
    /// Head first, then the body.
    blocks: Vec<Block>,
    tail: Conv,
}

/// The critic's losses of one step, each of shape `[1]`, and its gradients.
#[derive(Debug)]
pub struct CriticStep {
    /// Mean score of the real picture.
    pub real: Tensor,
    /// Mean score of the fake.
    pub fake: Tensor,
    /// The weighted gradient penalty.
    pub penalty: Tensor,
    /// The gradient of `fake - real + penalty`, in the order of [`Discriminator::parameters`].
    pub gradients: Vec<Tensor>,
}

impl Discriminator {
    /// A discriminator with the builder's parameters: `head.conv.weight`, `body.blockI.conv.weight`, `tail.weight` and so on,
    /// as PyTorch names them. It has no norms whatever the configuration says. [`crate::first_weights::discriminator`] gives a
    /// builder of first weights, [`crate::weights::discriminator`] a discriminator from named tensors of which none may be left
    /// over.
    ///
    /// # Errors
    /// [`crate::Error::Range`] where the configuration is outside its ranges, [`crate::Error::Missing`] and
    /// [`crate::Error::Shape`] where a parameter is missing or has another shape.
    pub fn new(config: &NetConfig, vb: VarBuilder<'_>) -> Result<Self> {
        config.check()?;
        let config = NetConfig { batch_norm: false, ..config.clone() };
        let mut blocks = vec![Block::new(&config, config.channels, &vb.pp("head"))?];
        for block in 0..config.layers {
            blocks.push(Block::new(&config, config.filters, &vb.pp(format!("body.block{block}")))?);
        }
        Ok(Self { blocks, tail: Conv::new(&config, (config.filters, 1), &vb.pp("tail"))? })
    }

    /// The parameters with PyTorch's names. They share storage with the network: writing to one changes it.
    pub fn parameters(&self) -> Vec<(String, Tensor)> {
        let mut list = self.blocks[0].parameters("head");
        for (i, block) in self.blocks[1..].iter().enumerate() {
            list.extend(block.parameters(&format!("body.block{i}")));
        }
        list.push(("tail.weight".into(), self.tail.weight.clone()));
        list.push(("tail.bias".into(), self.tail.bias.clone()));
        list
    }

    /// Packs the weights for a GPU, for as long as what is returned lives; they must not change meanwhile. On the CPU nothing is
    /// done.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the GPU fails.
    pub fn keep_packed(&self) -> Result<kernels::Packed> {
        let convolutions = self.blocks.iter().map(|b| &b.conv).chain([&self.tail]);
        let weights = convolutions.map(|c| c.weight.clone()).collect();
        Ok(kernels::keep_packed(weights, self.tail.padded(0).precision)?)
    }

    /// The mean score of `x` (`[N]`, one a sample) and the gradient of `weight * mean` with respect to `x`.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where `x` is smaller than a patch or has other channels.
    pub fn score_gradient(&self, x: &Tensor, weight: f32) -> Result<(Tensor, Tensor)> {
        let tapes = chain_forward(&self.blocks, x, 0)?;
        let out = self.tail.forward(output(&tapes), 0)?;
        let each = weight / (out.elem_count() / out.dim(0)?) as f32;
        let g = self.grad_at_tail(&tapes, &kernels::constant(&out, &vec![each; out.dim(0)?])?)?;
        let n = out.dim(0)?;
        Ok((kernels::batch_means(&out)?, self.input_chain(&tapes, g, 0..n)?.input))
    }

    /// Losses and gradients of one critic step: `mean D(fake) - mean D(real) + lambda * mean((|grad D(mix)| - 1)^2)`, with
    /// `mix = alpha * real + (1 - alpha) * fake` (`alpha [1]`) and the norm over the channels of a pixel.
    ///
    /// `real` and `fake` are `[1, H, W, C]`. The three pictures go through as one batch. The penalty needs no second-order
    /// graph: the input gradient is itself a chain of convolutions and masks (its derivative is the chain run forward
    /// again), so that every weight gradient is that of a convolution.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the pictures are smaller than a patch or differ in shape.
    pub fn critic_step(
        &self,
        real: &Tensor,
        fake: &Tensor,
        alpha: &Tensor,
        lambda: f32,
    ) -> Result<CriticStep> {
        let mixed = kernels::mix(real, fake, alpha)?;
        let batch = Tensor::cat(&[real, fake, &mixed], 0)?;
        let tapes = chain_forward(&self.blocks, &batch, 0)?;
        let out = self.tail.forward(output(&tapes), 0)?;
        let means = kernels::batch_means(&out.narrow(0, 0, 2)?)?;
        let each = 1.0 / (out.elem_count() / 3) as f32;

        // Down: the gradients at every block's output. The mixed picture's is that of its scores' sum.
        let top = kernels::constant(&out, &[-each, each, 1.0])?;
        let at_tail = self.grad_at_tail(&tapes, &top)?;
        let chain = self.input_chain(&tapes, at_tail, 2..3)?;
        let (penalty, d_gradient) = kernels::gradient_penalty(&chain.input, lambda)?;

        // Up again: the derivative of the penalty along the chain of the mixed picture.
        let (mut gradients, mut sums) = (Vec::new(), WeightGrads::new());
        let mut second = Vec::new(); // what ELU and SELU add to the mixed picture's own chain
        let mut du = d_gradient;
        for (i, block) in self.blocks.iter().enumerate() {
            let tape = tapes[i].samples(2, 1)?;
            let v = &chain.masked[i];
            let pair = |t: &Tensor| t.narrow(0, 0, 2);
            let v_mixed = v.narrow(0, 2, 1)?;
            gradients.push(Gradient::Conv(sums.add(WeightGradOf {
                x: pair(tapes[i].input())?,
                gy: pair(v)?,
                second: Some((du.clone(), v_mixed.clone())),
                kernel: block.conv.kernel(),
                conv: block.conv.padded(0),
            })?));
            match (&block.act, block.act.leaky()) {
                (_, Some(slope)) => {
                    du = kernels::conv2d_masked(
                        &du,
                        &block.conv.weight,
                        &tape.output,
                        block.conv.padded(0),
                        slope,
                    )?;
                }
                (Act::Fixed(_), None) => {
                    let dv = kernels::conv2d(&du, &block.conv.weight, None, block.conv.padded(0), None)?;
                    second.push(kernels::negative_product(&tape.output, &dv, &v_mixed)?);
                    du = block.act.backward(&tape, &dv)?;
                }
                (Act::Prelu(_), None) => {
                    let dv = kernels::conv2d(&du, &block.conv.weight, None, block.conv.padded(0), None)?;
                    let u = &chain.plain[i];
                    let z = tapes[i].before_act();
                    let direct = kernels::prelu_slope_grad(&pair(z)?, &pair(z)?, &pair(u)?)?;
                    let through = kernels::prelu_slope_grad(tape.before_act(), &dv, &u.narrow(0, 2, 1)?)?;
                    gradients.push(Gradient::Known((direct + through)?));
                    du = block.act.backward(&tape, &dv)?;
                }
            }
        }
        gradients.push(Gradient::Conv(sums.add(WeightGradOf {
            x: output(&tapes).narrow(0, 0, 2)?,
            gy: top.narrow(0, 0, 2)?,
            second: Some((du, top.narrow(0, 2, 1)?)),
            kernel: self.tail.kernel(),
            conv: self.tail.padded(0),
        })?));
        let mut gradients = resolve(gradients, sums)?;
        // The last bias cancels between both scores. Its gradient is set to exactly zero, because Adam would
        // turn a rounding error into whole steps.
        if let Some(last) = gradients.last_mut() {
            *last = last.zeros_like()?;
        }
        if !second.is_empty() {
            self.add_second_order(&tapes, second, &mut gradients)?;
        }
        Ok(CriticStep { real: means.narrow(0, 0, 1)?, fake: means.narrow(0, 1, 1)?, penalty, gradients })
    }

    /// Carries gradients that enter at the activations' inputs of the mixed picture down to the picture.
    fn add_second_order(&self, tapes: &[Tape], second: Vec<Tensor>, gradients: &mut [Tensor]) -> Result<()> {
        let (mut above, mut sums, blocks): (Option<Tensor>, _, _) = (None, WeightGrads::new(), second.len());
        for (i, dz) in second.into_iter().enumerate().rev() {
            let tape = tapes[i].samples(2, 1)?;
            let block = &self.blocks[i];
            let g = match above {
                Some(gy) => (block.act.backward(&tape, &gy)? + dz)?,
                None => dz,
            };
            block.conv.gradients(tape.input(), &g, 0, &mut sums)?;
            above = Some(kernels::conv2d_input_grad(&g, &block.conv.weight, block.conv.padded(0), None)?);
        }
        // The gradients of the convolutions' weights and biases, from the last block to the first.
        for (pair, (dw, db)) in gradients[..blocks * 2].chunks_exact_mut(2).rev().zip(sums.compute()?) {
            pair[0] = (&pair[0] + dw)?;
            pair[1] = (&pair[1] + db)?;
        }
        Ok(())
    }

    /// The gradient at the last block's output, given that of the scores; masked already where that is LeakyReLU.
    fn grad_at_tail(&self, tapes: &[Tape], g: &Tensor) -> Result<Tensor> {
        let mask = self.blocks.last().and_then(|b| b.act.leaky()).map(|slope| (output(tapes), slope));
        Ok(kernels::conv2d_input_grad(g, &self.tail.weight, self.tail.padded(0), mask)?)
    }

    /// Carries a gradient from the tail down to the pictures `pictures` of the batch.
    fn input_chain(&self, tapes: &[Tape], at_tail: Tensor, pictures: Range<usize>) -> Result<Chain> {
        let mut masked = Vec::with_capacity(tapes.len());
        let mut plain = Vec::new();
        let mut g = at_tail;
        for (i, block) in self.blocks.iter().enumerate().rev() {
            if block.act.leaky().is_none() {
                let v = block.act.backward(&tapes[i], &g)?;
                if let Act::Prelu(_) = block.act {
                    plain.push(g);
                }
                g = v;
            }
            masked.push(g.clone());
            if i > 0 {
                let mask = self.blocks[i - 1].act.leaky().map(|slope| (tapes[i].input(), slope));
                g = kernels::conv2d_input_grad(&g, &block.conv.weight, block.conv.padded(0), mask)?;
            }
        }
        let of_interest = g.narrow(0, pictures.start, pictures.len())?;
        let input = kernels::conv2d_input_grad(
            &of_interest,
            &self.blocks[0].conv.weight,
            self.blocks[0].conv.padded(0),
            None,
        )?;
        masked.reverse();
        plain.reverse();
        Ok(Chain { masked, plain, input })
    }
}

impl Module for Discriminator {
    /// Scores of the patches of `x`. candle can differentiate it, in the picture and in every parameter.
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.tail.forward(&chain_output(&self.blocks, x, 0)?, 0)
    }
}

/// The gradients on the way from the scores to the picture, head first.
struct Chain {
    /// At the convolutions' outputs (the activation's derivative applied).
    masked: Vec<Tensor>,
    /// At the blocks' outputs, kept for PReLU only.
    plain: Vec<Tensor>,
    /// At the picture.
    input: Tensor,
}

fn output(tapes: &[Tape]) -> &Tensor {
    &tapes[tapes.len() - 1].output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActivationKind, Border, first_weights};
    use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Var};
    use kernels::Stream;

    fn stream(level: u32) -> Stream {
        Stream::new(3, [1, 0, level], 0)
    }

    fn discriminator(activation: ActivationKind, vb: Option<VarBuilder<'_>>) -> Result<Discriminator> {
        let config = NetConfig {
            filters: 5,
            layers: 2,
            activation,
            lrelu_alpha: 0.1,
            border: Border::Padded,
            ..NetConfig::default()
        };
        let first = || first_weights::discriminator(&config, stream(0), &Device::Cpu);
        Discriminator::new(&config, vb.unwrap_or_else(first))
    }

    /// The written-out gradients against differences of the loss itself. SELU's derivative jumps at zero, and with it the
    /// penalty, so that differences say nothing; the golden cases hold it.
    #[test]
    fn critic_gradients_are_those_of_the_loss() -> Result<()> {
        for activation in [ActivationKind::Lrelu, ActivationKind::Elu, ActivationKind::Prelu] {
            let d = discriminator(activation, None)?;
            for (_, p) in d.parameters() {
                if p.rank() == 4 {
                    p.inplace_op2(&(&p * 12.0)?, &Assign)?;
                }
            }
            let picture = |level| kernels::normal(stream(level), (0, 0), (14, 13, 3), &Device::Cpu);
            let (real, fake) = (picture(1)?, picture(2)?);
            let alpha = Tensor::new(&[0.3f32], &Device::Cpu)?;
            let loss = || -> Result<f64> {
                let s = d.critic_step(&real, &fake, &alpha, 0.7)?;
                let v = |t: &Tensor| t.to_vec1::<f32>().map(|v| f64::from(v[0]));
                Ok(v(&s.fake)? - v(&s.real)? + v(&s.penalty)?)
            };
            let gradients = d.critic_step(&real, &fake, &alpha, 0.7)?.gradients;
            for ((name, p), g) in d.parameters().into_iter().zip(gradients) {
                let direction = kernels::normal(stream(9), (0, 0), (1, 1, p.elem_count()), &Device::Cpu)?
                    .reshape(p.shape())?;
                let start = p.copy()?;
                let at = |step: f64| -> Result<f64> {
                    p.inplace_op2(&(&start + (&direction * step)?)?, &Assign)?;
                    loss()
                };
                let h = 2e-4;
                let numeric = (at(h)? - at(-h)?) / (2.0 * h);
                at(0.0)?;
                let written = (&g * &direction)?.sum_all()?.to_scalar::<f32>()?;
                let error = (numeric - f64::from(written)).abs();
                assert!(
                    error < 0.02 * numeric.abs().max(0.1),
                    "{activation:?} {name}: {numeric} against {written}"
                );
            }
        }
        Ok(())
    }

    /// candle's autograd and the written-out backward pass give the same gradients of the picture and of the
    /// weights.
    #[test]
    fn candle_differentiates_it_alike() -> Result<()> {
        use ActivationKind::{Elu, Lrelu, Prelu, Selu};
        for activation in [Lrelu, Elu, Selu, Prelu] {
            let named = discriminator(activation, None)?.parameters();
            let var = |(name, tensor): (String, Tensor)| Ok((name, Var::from_tensor(&tensor)?));
            let vars = named.into_iter().map(var).collect::<Result<Vec<_>>>()?;
            let tensors = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
            let vb = VarBuilder::from_tensors(tensors, candle_core::DType::F32, &Device::Cpu);
            let d = discriminator(activation, Some(vb))?;
            let picture = Var::from_tensor(&kernels::normal(stream(1), (0, 0), (13, 12, 3), &Device::Cpu)?)?;
            let gradients = d.forward(&picture)?.mean_all()?.backward()?;
            let (_, written) = d.score_gradient(&picture, 1.0)?;
            let off = |a: &Tensor, b: &Tensor| (a - b)?.abs()?.max_all()?.to_scalar::<f32>();
            let largest = written.abs()?.max_all()?.to_scalar::<f32>()?;
            let found = gradients.get(&picture).expect("the picture has a gradient");
            assert!(largest > 0.0 && off(found, &written)? < 1e-5 * largest, "{activation:?}");
            for (name, var) in &vars {
                let gradient = gradients.get(var).expect("every parameter has a gradient");
                assert!(gradient.abs()?.max_all()?.to_scalar::<f32>()? > 0.0, "{activation:?} {name}");
            }
        }
        Ok(())
    }

    struct Assign;

    impl InplaceOp2 for Assign {
        fn name(&self) -> &'static str {
            "assign"
        }

        fn cpu_fwd(
            &self,
            a: &mut CpuStorage,
            _: &Layout,
            b: &CpuStorage,
            _: &Layout,
        ) -> candle_core::Result<()> {
            *a = b.clone();
            Ok(())
        }
    }
}
