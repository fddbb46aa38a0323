//! A convolution block (convolution, normalisation, activation) and chains of them, forward and backward.
//!
//! The backward passes are written out instead of recorded: the networks are straight chains, most of what an
//! autograd would compute is not needed (nothing for frozen stages, no gradient of the picture), and LeakyReLU's mask
//! can be applied inside the convolution before it. Gradients come in the order of [`Block::parameters`]; those of
//! convolutions are asked for on the way and computed together at the end ([`WeightGrads`]).

use crate::parameter::parameter;
use crate::{ActivationKind, NetConfig, Result};
use candle_core::Tensor;
use candle_nn::{Init, VarBuilder};
use kernels::{Activation, Conv2d, Precision, WeightGradOf, WeightGrads};

/// A convolution: weight `[C_out, C_in, k, k]`, bias `[C_out]`.
#[derive(Clone, Debug)]
pub(crate) struct Conv {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
    precision: Precision,
}

/// Weight and bias of a normalisation, `[C]` each.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
}

/// The activation of a block, with its parameter if it has one.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Fixed(Activation),
    Prelu(Tensor),
}

/// Convolution without padding, normalisation if configured, activation.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) conv: Conv,
    pub(crate) norm: Option<Norm>,
    pub(crate) act: Act,
    pub(crate) act_name: &'static str,
}

/// What a block's backward pass needs of its forward pass.
pub(crate) struct Tape {
    input: Tensor,
    /// The convolution's output, where a normalisation follows.
    before_norm: Option<(Tensor, Tensor)>,
    /// The activation's input, where its output does not tell the derivative (PReLU).
    before_act: Option<Tensor>,
    pub(crate) output: Tensor,
}

impl Conv {
    /// The convolution below the builder's prefix. First weights are N(0, 0.02), as the official program has them, first biases
    /// uniform within 1/sqrt(C_in k^2), PyTorch's default.
    pub(crate) fn new(
        config: &NetConfig,
        (inputs, outputs): (usize, usize),
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let kernel = config.kernel;
        let bound = 1.0 / ((inputs * kernel * kernel) as f64).sqrt();
        let normal = Init::Randn { mean: 0.0, stdev: 0.02 };
        let uniform = Init::Uniform { lo: -bound, up: bound };
        Ok(Self {
            weight: parameter(vb, (outputs, inputs, kernel, kernel), "weight", normal)?,
            bias: parameter(vb, outputs, "bias", uniform)?,
            precision: config.precision,
        })
    }

    /// Convolution with `pad` zeros on every side.
    pub(crate) fn forward(&self, x: &Tensor, pad: usize) -> candle_core::Result<Tensor> {
        kernels::conv2d(x, &self.weight, Some(&self.bias), self.padded(pad), None)
    }

    /// The convolution with `pad` zeros on every side, without its weights.
    pub(crate) fn padded(&self, pad: usize) -> Conv2d {
        Conv2d { pad, precision: self.precision }
    }

    /// A copy that shares nothing with this convolution.
    fn copy(&self) -> Result<Self> {
        Ok(Self { weight: self.weight.copy()?, bias: self.bias.copy()?, precision: self.precision })
    }

    pub(crate) fn kernel(&self) -> usize {
        self.weight.dims()[2]
    }

    /// Requests the gradients of weight and bias.
    pub(crate) fn gradients(
        &self,
        x: &Tensor,
        gy: &Tensor,
        pad: usize,
        sums: &mut WeightGrads,
    ) -> Result<Gradient> {
        let (kernel, conv) = (self.kernel(), self.padded(pad));
        let of = WeightGradOf { x: x.clone(), gy: gy.clone(), second: None, kernel, conv };
        Ok(Gradient::Conv(sums.add(of)?))
    }
}

/// The gradient of one parameter, or a reference to the gradients of a convolution's weight and bias, which
/// are computed later.
pub(crate) enum Gradient {
    /// The gradients of a convolution's weight and bias, at this index of the requested weight gradients.
    Conv(usize),
    Known(Tensor),
}

/// Computes what was requested, and returns all gradients in their order.
pub(crate) fn resolve(gradients: Vec<Gradient>, sums: WeightGrads) -> Result<Vec<Tensor>> {
    let sums = sums.compute()?;
    let mut list = Vec::with_capacity(gradients.len() + sums.len());
    for gradient in gradients {
        match gradient {
            Gradient::Conv(place) => list.extend([sums[place].0.clone(), sums[place].1.clone()]),
            Gradient::Known(gradient) => list.push(gradient),
        }
    }
    Ok(list)
}

impl Norm {
    /// First weights are N(1, 0.02), first biases zero.
    fn new(channels: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            weight: parameter(vb, channels, "weight", Init::Randn { mean: 1.0, stdev: 0.02 })?,
            bias: parameter(vb, channels, "bias", Init::Const(0.0))?,
        })
    }
}

impl Act {
    /// PReLU's first slope is 0.25.
    fn new(config: &NetConfig, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(match config.activation {
            ActivationKind::Lrelu => Self::Fixed(Activation::LeakyRelu(config.lrelu_alpha as f32)),
            ActivationKind::Elu => Self::Fixed(Activation::Elu),
            ActivationKind::Selu => Self::Fixed(Activation::Selu),
            ActivationKind::Prelu => Self::Prelu(parameter(vb, 1, "weight", Init::Const(0.25))?),
        })
    }

    /// The slope, if this is LeakyReLU, which is fused into the convolutions.
    pub(crate) fn leaky(&self) -> Option<f32> {
        match self {
            Self::Fixed(Activation::LeakyRelu(slope)) => Some(*slope),
            _ => None,
        }
    }

    /// `gy * act'`
    pub(crate) fn backward(&self, tape: &Tape, gy: &Tensor) -> Result<Tensor> {
        Ok(match (self, &tape.before_act) {
            (Self::Prelu(slope), Some(z)) => kernels::prelu_grad(z, slope, gy)?,
            (Self::Prelu(slope), None) => kernels::prelu_grad(&tape.output, slope, gy)?,
            (Self::Fixed(act), _) => kernels::activation_grad(*act, &tape.output, gy)?,
        })
    }
}

impl Tape {
    pub(crate) fn before_act(&self) -> &Tensor {
        self.before_act.as_ref().unwrap_or(&self.output)
    }

    /// The part of the batch from sample `from` on, `count` samples.
    pub(crate) fn samples(&self, from: usize, count: usize) -> Result<Self> {
        let part = |t: &Tensor| t.narrow(0, from, count);
        Ok(Self {
            input: part(&self.input)?,
            before_norm: self
                .before_norm
                .as_ref()
                .map(|(z, s)| Ok::<_, crate::Error>((part(z)?, part(s)?)))
                .transpose()?,
            before_act: self.before_act.as_ref().map(part).transpose()?,
            output: part(&self.output)?,
        })
    }

    pub(crate) fn input(&self) -> &Tensor {
        &self.input
    }
}

impl Block {
    /// The block below the builder's prefix, from `inputs` channels to the configuration's filters.
    pub(crate) fn new(config: &NetConfig, inputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let act_name = config.activation.name();
        Ok(Self {
            conv: Conv::new(config, (inputs, config.filters), &vb.pp("conv"))?,
            norm: if config.batch_norm { Some(Norm::new(config.filters, &vb.pp("norm"))?) } else { None },
            act: Act::new(config, &vb.pp(act_name))?,
            act_name,
        })
    }

    /// `x [N, H, W, C_in]` with `pad` zeros around it to `[N, H + 2 pad - k + 1, W + 2 pad - k + 1, C_out]`.
    pub(crate) fn forward(&self, x: &Tensor, pad: usize) -> candle_core::Result<Tape> {
        let Conv { weight, bias, .. } = &self.conv;
        if let (None, Some(slope)) = (&self.norm, self.act.leaky()) {
            let output = kernels::conv2d(x, weight, Some(bias), self.conv.padded(pad), Some(slope))?;
            return Ok(Tape { input: x.clone(), before_norm: None, before_act: None, output });
        }
        let mut z = self.conv.forward(x, pad)?;
        let mut before_norm = None;
        if let Some(norm) = &self.norm {
            let stats = kernels::norm_stats(&z, &norm.weight)?;
            let normed = kernels::norm(&z, &stats, &norm.bias)?;
            before_norm = Some((z, stats));
            z = normed;
        }
        let (output, before_act) = match &self.act {
            Act::Fixed(act) => (kernels::activate(&z, *act)?, None),
            Act::Prelu(slope) => (kernels::prelu(&z, slope)?, Some(z)),
        };
        Ok(Tape { input: x.clone(), before_norm, before_act, output })
    }

    /// The output for `x`, whose border is there already, with the given statistics of the normalisation.
    pub(crate) fn output(&self, x: &Tensor, stats: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let (Some(norm), Some(stats)) = (&self.norm, stats) else { return Ok(self.forward(x, 0)?.output) };
        let z = kernels::norm(&self.conv.forward(x, 0)?, stats, &norm.bias)?;
        match &self.act {
            Act::Fixed(act) => kernels::activate(&z, *act),
            Act::Prelu(slope) => kernels::prelu(&z, slope),
        }
    }

    /// Gradients of the parameters, and the gradient at the convolution's output.
    ///
    /// `gy` is the gradient at the block's output, and `masked` is `gy` times the activation's derivative.
    fn backward(
        &self,
        tape: &Tape,
        gy: Option<&Tensor>,
        masked: Tensor,
        pad: usize,
        sums: &mut WeightGrads,
    ) -> Result<(Vec<Gradient>, Tensor)> {
        let (mut gradients, gz) = match &tape.before_norm {
            None => (vec![self.conv.gradients(&tape.input, &masked, pad, sums)?], masked),
            Some((z, stats)) => {
                let (gz, dw, db) = kernels::norm_grad(z, stats, &masked)?;
                let conv = self.conv.gradients(&tape.input, &gz, pad, sums)?;
                (vec![conv, Gradient::Known(dw), Gradient::Known(db)], gz)
            }
        };
        if let (Act::Prelu(_), Some(gy)) = (&self.act, gy) {
            let slope = kernels::prelu_slope_grad(tape.before_act(), tape.before_act(), gy)?;
            gradients.push(Gradient::Known(slope));
        }
        Ok((gradients, gz))
    }

    /// The parameters with their names, in PyTorch's order.
    pub(crate) fn parameters(&self, prefix: &str) -> Vec<(String, Tensor)> {
        let mut list = vec![
            (format!("{prefix}.conv.weight"), self.conv.weight.clone()),
            (format!("{prefix}.conv.bias"), self.conv.bias.clone()),
        ];
        if let Some(norm) = &self.norm {
            list.push((format!("{prefix}.norm.weight"), norm.weight.clone()));
            list.push((format!("{prefix}.norm.bias"), norm.bias.clone()));
        }
        if let Act::Prelu(slope) = &self.act {
            list.push((format!("{prefix}.{}.weight", self.act_name), slope.clone()));
        }
        list
    }

    /// A copy that shares nothing with this block.
    pub(crate) fn copy(&self) -> Result<Self> {
        Ok(Self {
            conv: self.conv.copy()?,
            norm: match &self.norm {
                None => None,
                Some(n) => Some(Norm { weight: n.weight.copy()?, bias: n.bias.copy()? }),
            },
            act: match &self.act {
                Act::Fixed(act) => Act::Fixed(*act),
                Act::Prelu(slope) => Act::Prelu(slope.copy()?),
            },
            act_name: self.act_name,
        })
    }
}

/// Runs `x` through the blocks, padding only before the first block; returns the tapes in order.
pub(crate) fn chain_forward(blocks: &[Block], x: &Tensor, pad: usize) -> candle_core::Result<Vec<Tape>> {
    let mut tapes: Vec<Tape> = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        let tape = block.forward(tapes.last().map_or(x, |t| &t.output), if i == 0 { pad } else { 0 })?;
        tapes.push(tape);
    }
    Ok(tapes)
}

/// The last block's output, as [`chain_forward`] computes it, without keeping a tape.
pub(crate) fn chain_output(blocks: &[Block], x: &Tensor, pad: usize) -> candle_core::Result<Tensor> {
    let mut x = x.clone();
    for (i, block) in blocks.iter().enumerate() {
        x = block.forward(&x, if i == 0 { pad } else { 0 })?.output;
    }
    Ok(x)
}

/// The parameters' gradients, block by block, and the gradient at the input if `input` asks for it.
pub(crate) fn chain_backward(
    blocks: &[Block],
    tapes: &[Tape],
    gy: &Tensor,
    pad: usize,
    input: bool,
    sums: &mut WeightGrads,
) -> Result<(Vec<Gradient>, Option<Tensor>)> {
    let mut by_block = Vec::with_capacity(blocks.len());
    let mut gy = Some(gy.clone()); // none where the mask was applied inside the convolution before
    let mut masked = None;
    let mut at_input = None;
    for (i, (block, tape)) in blocks.iter().zip(tapes).enumerate().rev() {
        let g = match (masked.take(), &gy) {
            (Some(masked), _) => masked,
            (None, Some(gy)) => block.act.backward(tape, gy)?,
            (None, None) => unreachable!("one of the two is always set"),
        };
        let pad = if i == 0 { pad } else { 0 };
        let (gradients, gz) = block.backward(tape, gy.as_ref(), g, pad, sums)?;
        by_block.push(gradients);
        let (weight, conv) = (&block.conv.weight, block.conv.padded(pad));
        if i == 0 {
            if input {
                at_input = Some(kernels::conv2d_input_grad(&gz, weight, conv, None)?);
            }
        } else if let Some(slope) = blocks[i - 1].act.leaky() {
            masked = Some(kernels::conv2d_input_grad(&gz, weight, conv, Some((&tape.input, slope)))?);
            gy = None;
        } else {
            gy = Some(kernels::conv2d_input_grad(&gz, weight, conv, None)?);
        }
    }
    Ok((by_block.into_iter().rev().flatten().collect(), at_input))
}
