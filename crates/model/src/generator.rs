//! The growing generator: a head, one chain of blocks a stage, a tail; forward and backward.

use crate::block::{Block, Conv, Tape, chain_backward, chain_forward, chain_output, resolve};
use crate::{Border, Error, NetConfig, Result};
use candle_core::Tensor;
use candle_nn::VarBuilder;
use kernels::{Activation, WeightGrads};
use limits::OutOfRange;
use std::fmt;
use std::ops::Range;

/// Stage 0 maps noise (or another picture) to features; every later stage enlarges the features below, adds noise,
/// refines them by its blocks and adds the enlarged features again. The tail turns features into a picture in [-1, 1].
///
/// A clone shares its weights with the original, as clones of candle's models do.
#[derive(Clone, Debug)]
pub struct Generator {
    pub(crate) config: NetConfig,
    pub(crate) head: Block,
    pub(crate) body: Vec<Vec<Block>>,
    pub(crate) tail: Conv,
}

/// The inputs of the stages. Stage `k` takes `noise[k]`, `sizes[k]` and `amps[k]`.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// `[N, H, W, C]` of [`NetConfig::noise_shape`]; that of stage 0 is the picture or noise from which
    /// everything is made.
    pub noise: &'a [Tensor],
    /// Output height and width of each stage.
    pub sizes: &'a [(usize, usize)],
    /// Noise amplitudes; stage 0's is not used.
    pub amps: &'a [f64],
}

/// What the backward pass needs of a forward pass.
#[derive(Debug)]
pub struct GeneratorTape {
    first: usize,
    head: Option<Tape>,
    stages: Vec<StageTape>,
    features: Tensor,
    picture: Tensor,
}

#[derive(Debug)]
struct StageTape {
    chain: Vec<Tape>,
    /// Height and width of the features that came in.
    from: (usize, usize),
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({:?})", self.output.shape())
    }
}

impl GeneratorTape {
    /// The generated pictures, `[N, H, W, C]` in [-1, 1].
    pub fn picture(&self) -> &Tensor {
        &self.picture
    }
}

impl Generator {
    /// A generator of `stages` stages with the builder's parameters: `head.conv.weight`, `body.K.blockI.conv.weight`,
    /// `tail.0.weight` and so on, as PyTorch names them. [`crate::first_weights::generator`] gives a builder of first weights,
    /// [`crate::weights::generator`] a generator from named tensors of which none may be left over.
    ///
    /// # Errors
    /// [`Error::Range`] where the configuration is outside its ranges or `stages` is 0, [`Error::Missing`]
    /// and [`Error::Shape`] where a parameter is missing or has another shape.
    pub fn new(config: &NetConfig, stages: usize, vb: VarBuilder<'_>) -> Result<Self> {
        config.check()?;
        if stages == 0 {
            return Err(OutOfRange::new("stages", stages, "1 or more").into());
        }
        let block = |stage: usize, block: usize| {
            Block::new(config, config.filters, &vb.pp(format!("body.{stage}.block{block}")))
        };
        let stage = |k: usize| (0..config.layers).map(|i| block(k, i)).collect::<Result<Vec<_>>>();
        Ok(Self {
            config: config.clone(),
            head: Block::new(config, config.channels, &vb.pp("head"))?,
            body: (0..stages).map(stage).collect::<Result<_>>()?,
            tail: Conv::new(config, (config.filters, config.channels), &vb.pp("tail.0"))?,
        })
    }

    /// Adds a stage: a copy of the last one, with weights of its own.
    ///
    /// # Errors
    /// [`Error::Tensor`] where there is no memory for it.
    pub fn grow(&mut self) -> Result<()> {
        let copy = self.body[self.body.len() - 1].iter().map(Block::copy).collect::<Result<_>>()?;
        self.body.push(copy);
        Ok(())
    }

    /// The number of stages.
    pub fn stages(&self) -> usize {
        self.body.len()
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &NetConfig {
        &self.config
    }

    /// All parameters with PyTorch's names. They share storage with the network: writing to one changes it.
    pub fn parameters(&self) -> Vec<(String, Tensor)> {
        let mut list = self.head_parameters();
        for stage in 0..self.body.len() {
            list.extend(self.stage_parameters(stage));
        }
        list.extend(self.tail_parameters());
        list
    }

    /// Packs the weights for a GPU, for as long as what is returned lives; they must not change meanwhile. On the CPU nothing is
    /// done.
    ///
    /// # Errors
    /// [`Error::Tensor`] where the GPU fails.
    pub fn keep_packed(&self) -> Result<kernels::Packed> {
        let blocks = std::iter::once(&self.head).chain(self.body.iter().flatten());
        let convolutions = blocks.map(|b| &b.conv).chain([&self.tail]);
        let weights = convolutions.map(|c| c.weight.clone()).collect();
        Ok(kernels::keep_packed(weights, self.config.precision)?)
    }

    /// The head's parameters.
    pub fn head_parameters(&self) -> Vec<(String, Tensor)> {
        self.head.parameters("head")
    }

    /// The parameters of one stage.
    pub fn stage_parameters(&self, stage: usize) -> Vec<(String, Tensor)> {
        let blocks = self.body[stage].iter().enumerate();
        blocks.flat_map(|(i, b)| b.parameters(&format!("body.{stage}.block{i}"))).collect()
    }

    /// The tail's parameters.
    pub fn tail_parameters(&self) -> Vec<(String, Tensor)> {
        vec![
            ("tail.0.weight".into(), self.tail.weight.clone()),
            ("tail.0.bias".into(), self.tail.bias.clone()),
        ]
    }

    /// Pictures `[N, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// [`Error::Tensor`] where noise or sizes do not have the shapes that [`Inputs`] asks for.
    pub fn forward(&self, inputs: Inputs<'_>) -> Result<Tensor> {
        self.picture(&self.features(inputs, None, 0..self.body.len())?)
    }

    /// The pictures `[N, H, W, C]` in [-1, 1] of features `[N, H, W, filters]`: the tail alone.
    ///
    /// # Errors
    /// [`Error::Tensor`] where the features have other channels.
    pub fn picture(&self, features: &Tensor) -> Result<Tensor> {
        Ok(kernels::activate(&self.tail.forward(features, self.config.half())?, Activation::Tanh)?)
    }

    /// `body(enlarged + amp * noise) + enlarged` with the blocks of `stage`: what a stage above 0 does to
    /// features that the caller has enlarged, any number of times. All `[N, H, W, filters]`; the border that
    /// the blocks consume is padded with zeros.
    ///
    /// # Errors
    /// [`Error::Tensor`] where features and noise differ in shape.
    pub fn refine(&self, stage: usize, enlarged: &Tensor, noise: &Tensor, amp: f64) -> Result<Tensor> {
        let input = kernels::pad(&(enlarged + noise.affine(amp, 0.0)?)?, self.config.margin())?;
        Ok((chain_output(&self.body[stage], &input, 0)? + enlarged)?)
    }

    /// The features after the last stage of `stages`. Where that does not begin with 0, `below` are the features of the
    /// stage before it.
    ///
    /// # Errors
    /// [`Error::NoStage`] where `stages` is empty and `below` is not given, [`Error::Tensor`] where noise or
    /// sizes do not have the shapes that [`Inputs`] asks for.
    pub fn features(
        &self,
        inputs: Inputs<'_>,
        below: Option<Tensor>,
        stages: Range<usize>,
    ) -> Result<Tensor> {
        let mut x = below;
        for k in stages {
            let y = match x.take() {
                None => chain_output(
                    &self.body[0],
                    &self.stem(&self.head.forward(&inputs.noise[0], self.config.half())?.output)?,
                    0,
                )?,
                Some(x) => {
                    let y = chain_output(&self.body[k], &self.stage_input(&x, inputs, k)?, 0)?;
                    kernels::bicubic_plus(&x, inputs.sizes[k], &y, 1.0)?
                }
            };
            x = Some(y);
        }
        x.ok_or(Error::NoStage)
    }

    /// Runs all stages from `first` on and keeps what the backward pass to them needs. Where `first` is not 0, `below` are
    /// the features of the stage before it.
    ///
    /// # Errors
    /// [`Error::NoStage`] where there is no stage from `first` on, [`Error::Tensor`] where noise or sizes do
    /// not have the shapes that [`Inputs`] asks for.
    pub fn forward_tape(
        &self,
        inputs: Inputs<'_>,
        below: Option<&Tensor>,
        first: usize,
    ) -> Result<GeneratorTape> {
        let (mut head, mut stages) = (None, Vec::new());
        let mut x = below.cloned();
        for k in first..self.body.len() {
            let (chain, from, y) = match x.take() {
                None => {
                    let tape = self.head.forward(&inputs.noise[0], self.config.half())?;
                    let from = size(&tape.output)?;
                    let chain = chain_forward(&self.body[0], &self.stem(&tape.output)?, 0)?;
                    let y = chain[chain.len() - 1].output.clone();
                    head = Some(tape);
                    (chain, from, y)
                }
                Some(x) => {
                    let chain = chain_forward(&self.body[k], &self.stage_input(&x, inputs, k)?, 0)?;
                    let y = kernels::bicubic_plus(&x, inputs.sizes[k], &chain[chain.len() - 1].output, 1.0)?;
                    (chain, size(&x)?, y)
                }
            };
            stages.push(StageTape { chain, from });
            x = Some(y);
        }
        let features = x.ok_or(Error::NoStage)?;
        let picture = self.picture(&features)?;
        Ok(GeneratorTape { first, head, stages, features, picture })
    }

    /// Gradients of the parameters of head (if the tape begins at stage 0), stages from the tape's first on, and tail, in
    /// that order, given the gradient at the pictures; summed over the batch.
    ///
    /// # Errors
    /// [`Error::Tensor`] where the gradient does not have the pictures' shape.
    pub fn backward(&self, tape: &GeneratorTape, gy: &Tensor) -> Result<Vec<Tensor>> {
        let half = self.config.half();
        let gz = kernels::activation_grad(Activation::Tanh, &tape.picture, gy)?;
        let mut sums = WeightGrads::new();
        let mut parts = vec![vec![self.tail.gradients(&tape.features, &gz, half, &mut sums)?]];
        let mut gy = kernels::conv2d_input_grad(&gz, &self.tail.weight, self.tail.padded(half), None)?;
        for (k, stage) in (tape.first..self.body.len()).zip(&tape.stages).rev() {
            let wanted = k > tape.first || k == 0;
            let (gradients, gx) = chain_backward(&self.body[k], &stage.chain, &gy, 0, wanted, &mut sums)?;
            parts.push(gradients);
            let Some(gx) = gx else { continue };
            gy = if k == 0 {
                self.stem_grad(&gx, stage.from)?
            } else {
                self.stage_input_grad(&gx, &gy, stage.from)?
            };
        }
        if let Some(head) = &tape.head {
            let (gradients, _) = chain_backward(
                std::slice::from_ref(&self.head),
                std::slice::from_ref(head),
                &gy,
                half,
                false,
                &mut sums,
            )?;
            parts.push(gradients);
        }
        resolve(parts.into_iter().rev().flatten().collect(), sums)
    }

    /// The input of stage 0's blocks: the head's output with the border that they consume.
    fn stem(&self, x: &Tensor) -> Result<Tensor> {
        let (half, margin) = (self.config.half(), self.config.margin());
        match self.config.border {
            Border::Padded => Ok(kernels::pad(x, margin)?),
            Border::Grown => {
                let (h, w) = size(x)?;
                Ok(kernels::pad(&kernels::bicubic(x, (h + 2 * half, w + 2 * half))?, margin - half)?)
            }
        }
    }

    fn stem_grad(&self, gx: &Tensor, from: (usize, usize)) -> Result<Tensor> {
        let (half, margin) = (self.config.half(), self.config.margin());
        match self.config.border {
            Border::Padded => Ok(kernels::crop(gx, margin)?),
            Border::Grown => Ok(kernels::bicubic_grad(&kernels::crop(gx, margin - half)?, from)?),
        }
    }

    /// The input of the blocks of stage `k`: the enlarged features with noise, and a border.
    fn stage_input(&self, x: &Tensor, inputs: Inputs<'_>, k: usize) -> Result<Tensor> {
        let ((h, w), margin, amp) = (inputs.sizes[k], self.config.margin(), inputs.amps[k] as f32);
        match self.config.border {
            Border::Grown => {
                Ok(kernels::bicubic_plus(x, (h + 2 * margin, w + 2 * margin), &inputs.noise[k], amp)?)
            }
            Border::Padded => {
                Ok(kernels::pad(&kernels::bicubic_plus(x, (h, w), &inputs.noise[k], amp)?, margin)?)
            }
        }
    }

    /// The gradient at the features below a stage: through its blocks (`gx`, at their input) and past them (`gy`).
    fn stage_input_grad(&self, gx: &Tensor, gy: &Tensor, from: (usize, usize)) -> Result<Tensor> {
        match self.config.border {
            Border::Grown => Ok(kernels::bicubic_grad_plus(gx, from, &kernels::bicubic_grad(gy, from)?)?),
            Border::Padded => {
                Ok(kernels::bicubic_grad(&kernels::crop_plus(gx, self.config.margin(), gy)?, from)?)
            }
        }
    }
}

fn size(x: &Tensor) -> Result<(usize, usize)> {
    let (_, h, w, _) = x.dims4()?;
    Ok((h, w))
}
