//! First weights: a backend of candle-nn's `VarBuilder` that knows each parameter's random numbers by its name.
//!
//! Every random parameter has a number: the iteration of the network's stream that its values are drawn from.
//! the numbers count the drawn parameters in PyTorch's order. All is drawn on the CPU, so that every device
//! begins with the same bits. Stages above 0 have the numbers of stage 0: they begin as its copies, as when a
//! generator grows.

use crate::NetConfig;
use candle_core::{DType, Device, Error, Result, Shape, Tensor, bail};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use kernels::Stream;
use std::collections::HashMap;

/// A builder of the first weights of a [`crate::Generator`] of any number of stages, drawn from `stream`.
pub fn generator(config: &NetConfig, stream: Stream, device: &Device) -> VarBuilder<'static> {
    let mut table = Table::default();
    table.block("head", config.batch_norm);
    for block in 0..config.layers {
        table.block(&format!("body.0.block{block}"), config.batch_norm);
    }
    table.conv("tail.0");
    FirstWeights { stream, table, own_name: of_stage_0 }.builder(device)
}

/// A builder of the first weights of a [`crate::Discriminator`], drawn from `stream`.
pub fn discriminator(config: &NetConfig, stream: Stream, device: &Device) -> VarBuilder<'static> {
    let mut table = Table::default();
    table.block("head", false);
    for block in 0..config.layers {
        table.block(&format!("body.block{block}"), false);
    }
    table.conv("tail");
    FirstWeights { stream, table, own_name: str::to_string }.builder(device)
}

/// The number of each parameter that is drawn. Biases of norms and PReLU's slopes are constants and have none.
#[derive(Default)]
struct Table(HashMap<String, u32>);

impl Table {
    fn block(&mut self, prefix: &str, batch_norm: bool) {
        self.conv(&format!("{prefix}.conv"));
        if batch_norm {
            self.add(format!("{prefix}.norm.weight"));
        }
    }

    fn conv(&mut self, prefix: &str) {
        self.add(format!("{prefix}.weight"));
        self.add(format!("{prefix}.bias"));
    }

    /// The first number is 1.
    fn add(&mut self, name: String) {
        let number = self.0.len() as u32 + 1;
        self.0.insert(name, number);
    }
}

struct FirstWeights {
    stream: Stream,
    table: Table,
    /// The name in the table of a parameter.
    own_name: fn(&str) -> String,
}

/// The name of the parameter of stage 0 of which a stage's parameter is a copy; other names unchanged.
fn of_stage_0(name: &str) -> String {
    match name.strip_prefix("body.").and_then(|rest| rest.split_once('.')) {
        Some((_stage, rest)) => format!("body.0.{rest}"),
        None => name.to_string(),
    }
}

impl FirstWeights {
    fn builder(self, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self), DType::F32, device.clone())
    }

    fn stream_of(&self, name: &str) -> Result<Stream> {
        let number = self.table.0.get(&(self.own_name)(name));
        let number = number.ok_or_else(|| Error::CannotFindTensor { path: name.to_string() })?;
        Ok(self.stream.at(*number))
    }
}

impl SimpleBackend for FirstWeights {
    fn get(&self, shape: Shape, name: &str, init: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        let count = shape.elem_count();
        let values = match init {
            Init::Const(value) => Tensor::full(value as f32, shape, &Device::Cpu)?,
            Init::Randn { mean, stdev } => {
                let normal = kernels::normal(self.stream_of(name)?, (0, 0), (1, count, 1), &Device::Cpu)?;
                normal.affine(stdev, mean)?.reshape(shape)?
            }
            Init::Uniform { lo, up } => {
                let (middle, half) = ((lo + up) / 2.0, (up - lo) / 2.0);
                let unit = kernels::uniform(self.stream_of(name)?, count);
                let values: Vec<f32> =
                    unit.into_iter().map(|u| (middle + half * (2.0 * u - 1.0)) as f32).collect();
                Tensor::from_vec(values, shape, &Device::Cpu)?
            }
            Init::Kaiming { .. } => bail!("{name}: no parameter of these networks is drawn like that"),
        };
        values.to_device(device)?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        bail!("{name}: first weights are drawn for a shape, ask for them with it")
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.table.0.contains_key(&(self.own_name)(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActivationKind, Discriminator, Generator};

    const STREAM: Stream = Stream::new(7, [1, 0, 0], 0);

    type Parameters = Vec<(String, Tensor)>;

    fn first(config: &NetConfig) -> crate::Result<(Parameters, Parameters)> {
        let g = Generator::new(config, 2, generator(config, STREAM, &Device::Cpu))?;
        let d = Discriminator::new(config, discriminator(config, STREAM, &Device::Cpu))?;
        Ok((g.parameters(), d.parameters()))
    }

    fn values(parameters: &[(String, Tensor)], name: &str) -> Vec<f32> {
        let (_, tensor) = parameters.iter().find(|(n, _)| n == name).expect("the parameter");
        tensor.flatten_all().and_then(|t| t.to_vec1()).expect("values")
    }

    /// These are the first weights of earlier versions. The same seed must keep giving them.
    #[test]
    fn each_parameter_has_its_number() -> crate::Result<()> {
        let drawn = |number: u32, count: usize, mean: f64, stdev: f64| -> Result<Vec<f32>> {
            let normal = kernels::normal(STREAM.at(number), (0, 0), (1, count, 1), &Device::Cpu)?;
            normal.affine(stdev, mean)?.flatten_all()?.to_vec1()
        };
        let plain = NetConfig { filters: 4, layers: 2, ..NetConfig::default() };
        let normed = NetConfig { batch_norm: true, activation: ActivationKind::Prelu, ..plain.clone() };
        let (g, d) = first(&plain)?;
        assert_eq!(values(&g, "head.conv.weight"), drawn(1, 4 * 27, 0.0, 0.02)?);
        assert_eq!(values(&g, "body.0.block1.conv.weight"), drawn(5, 4 * 36, 0.0, 0.02)?);
        assert_eq!(values(&g, "tail.0.weight"), drawn(7, 4 * 27, 0.0, 0.02)?);
        assert_eq!(values(&d, "tail.weight"), drawn(7, 36, 0.0, 0.02)?);
        let bound = 1.0 / 36f64.sqrt();
        let bias: Vec<f32> =
            kernels::uniform(STREAM.at(8), 1).iter().map(|u| (bound * (2.0 * u - 1.0)) as f32).collect();
        assert_eq!(values(&d, "tail.bias"), bias);

        let (g, d) = first(&normed)?;
        assert_eq!(values(&g, "head.norm.weight"), drawn(3, 4, 1.0, 0.02)?);
        assert_eq!(values(&g, "body.0.block0.conv.weight"), drawn(4, 4 * 36, 0.0, 0.02)?);
        assert_eq!(values(&g, "tail.0.weight"), drawn(10, 4 * 27, 0.0, 0.02)?);
        assert_eq!(values(&g, "head.norm.bias"), [0.0; 4]);
        assert_eq!(values(&g, "body.1.block1.prelu.weight"), [0.25]);
        // The discriminator has no norms, and so other numbers.
        assert_eq!(values(&d, "body.block0.conv.weight"), drawn(3, 4 * 36, 0.0, 0.02)?);
        Ok(())
    }

    #[test]
    fn further_stages_are_what_growing_makes() -> crate::Result<()> {
        let config = NetConfig { filters: 4, batch_norm: true, ..NetConfig::default() };
        let at_once = Generator::new(&config, 3, generator(&config, STREAM, &Device::Cpu))?;
        let mut grown = Generator::new(&config, 1, generator(&config, STREAM, &Device::Cpu))?;
        grown.grow()?;
        grown.grow()?;
        for ((name, a), (_, b)) in at_once.parameters().iter().zip(grown.parameters()) {
            let bits = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
            assert_eq!(bits(a)?, bits(&b)?, "{name}");
        }
        Ok(())
    }
}
