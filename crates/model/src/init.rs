//! Initial weights, every number a function of the stream it is drawn from.

use crate::block::{Act, Block, Conv, Norm};
use crate::{NetConfig, Result};
use candle_core::{Device, Tensor};
use kernels::Stream;

/// Draws the parameters of a network one after the other.
pub(crate) struct Init<'a> {
    stream: Stream,
    next: u32,
    device: &'a Device,
}

impl<'a> Init<'a> {
    pub(crate) fn new(stream: Stream, device: &'a Device) -> Self {
        Init { stream, next: 0, device }
    }

    /// A stream for the next parameter.
    fn next(&mut self) -> Stream {
        self.next += 1;
        Stream { iteration: self.next, ..self.stream }
    }

    fn normal(&mut self, shape: &[usize], mean: f64, std: f64) -> Result<Tensor> {
        let count = shape.iter().product();
        // On the CPU, so that every device begins with the same bits.
        let values = kernels::normal(self.next(), (0, 0), (1, count, 1), &Device::Cpu)?;
        Ok(values.affine(std, mean)?.reshape(shape)?.to_device(self.device)?)
    }

    /// Weights N(0, 0.02), as the official program; biases uniform within 1/sqrt(C_in k^2), PyTorch's default.
    pub(crate) fn conv(&mut self, inputs: usize, outputs: usize, kernel: usize) -> Result<Conv> {
        let weight = self.normal(&[outputs, inputs, kernel, kernel], 0.0, 0.02)?;
        let bound = 1.0 / ((inputs * kernel * kernel) as f64).sqrt();
        let bias: Vec<f32> = kernels::uniform(self.next(), outputs)
            .into_iter()
            .map(|u| (bound * (2.0 * u - 1.0)) as f32)
            .collect();
        Ok(Conv { weight, bias: Tensor::from_vec(bias, outputs, self.device)? })
    }

    /// A block of `config` behind `inputs` channels. Norm weights N(1, 0.02), norm biases zero, PReLU's slope 0.25.
    pub(crate) fn block(&mut self, config: &NetConfig, inputs: usize) -> Result<Block> {
        let n = config.filters;
        let conv = self.conv(inputs, n, config.kernel)?;
        let norm = if config.batch_norm {
            Some(Norm {
                weight: self.normal(&[n], 1.0, 0.02)?,
                bias: Tensor::zeros(n, candle_core::DType::F32, self.device)?,
            })
        } else {
            None
        };
        let device = self.device;
        let act = Act::of(config, || Ok(Tensor::new(&[0.25f32], device)?))?;
        Ok(Block { conv, norm, act, act_name: config.activation.name() })
    }
}
