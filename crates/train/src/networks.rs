//! The networks of a stage under way, and the optimizers that train them.

use crate::optimizer::Adam;
use crate::{Result, TrainConfig};
use candle_core::Tensor;
use model::{Discriminator, Generator, weights};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// All that a stage's training changes. Wherever the two networks appear, the generator is before the discriminator.
#[derive(Debug)]
pub struct Networks {
    /// The generator, with all stages up to the one that is trained.
    pub generator: Generator,
    /// The discriminator, the paper's critic.
    pub discriminator: Discriminator,
    /// The generator's optimizer, with one rate a trained stage.
    pub opt_g: Adam,
    /// The discriminator's optimizer.
    pub opt_d: Adam,
}

/// How many steps the optimizers made. Files of the first format hold them as an array, which is read as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Steps {
    generator: u64,
    discriminator: u64,
}

/// What stands before a tensor's name, by the part that it belongs to: generator, discriminator, and the optimizers' moments.
const PREFIXES: [&str; 4] = ["g/", "d/", "adam-g/", "adam-d/"];

impl Networks {
    /// The networks with new optimizers, as every stage begins.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the device has no memory for the optimizers.
    pub fn new(generator: Generator, discriminator: Discriminator, config: &TrainConfig) -> Result<Self> {
        let (opt_g, opt_d) = optimizers(&generator, &discriminator, config)?;
        Ok(Self { generator, discriminator, opt_g, opt_d })
    }

    /// New optimizers for the networks as they are now.
    pub(crate) fn renew_optimizers(&mut self, config: &TrainConfig) -> Result<()> {
        (self.opt_g, self.opt_d) = optimizers(&self.generator, &self.discriminator, config)?;
        Ok(())
    }

    /// All tensors of the state, their names prefixed with the part. They share storage with the state.
    pub(crate) fn tensors(&self) -> Vec<(String, Tensor)> {
        let parts = [
            self.generator.parameters(),
            self.discriminator.parameters(),
            self.opt_g.state().1,
            self.opt_d.state().1,
        ];
        let prefixed = |(prefix, part): (&str, Vec<(String, Tensor)>)| {
            part.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect::<Vec<_>>()
        };
        PREFIXES.into_iter().zip(parts).flat_map(prefixed).collect()
    }

    pub(crate) fn steps(&self) -> Steps {
        Steps { generator: self.opt_g.state().0, discriminator: self.opt_d.state().0 }
    }

    /// Puts back what [`Networks::tensors`] and [`Networks::steps`] gave, into the memory that is there.
    pub(crate) fn restore(&mut self, tensors: &HashMap<String, Tensor>, steps: Steps) -> Result<()> {
        let [generator, discriminator, adam_g, adam_d] = PREFIXES.map(|prefix| part(tensors, prefix));
        weights::assign(&self.generator.parameters(), &generator)?;
        weights::assign(&self.discriminator.parameters(), &discriminator)?;
        self.opt_g.restore(steps.generator, &adam_g)?;
        self.opt_d.restore(steps.discriminator, &adam_d)
    }
}

/// The optimizers of a stage, the generator's and the discriminator's.
///
/// The last stage and the tail learn with `lr_g`, each stage below with `lr_scale` times the rate of the one above, the head
/// (only while it is within the train depth) with the rate of stage 0.
fn optimizers(
    generator: &Generator,
    discriminator: &Discriminator,
    config: &TrainConfig,
) -> Result<(Adam, Adam)> {
    let (last, first) = (generator.stages() - 1, generator.stages().saturating_sub(config.train_depth));
    let rate = |stages_below: usize| config.lr_g * config.lr_scale.powi(stages_below as i32);
    let mut groups = Vec::new();
    if first == 0 {
        groups.push((generator.head_parameters(), rate(last)));
    }
    for stage in first..=last {
        groups.push((generator.stage_parameters(stage), rate(last - stage)));
    }
    groups.push((generator.tail_parameters(), rate(0)));
    let opt_d = Adam::new(vec![(discriminator.parameters(), config.lr_d)], config.beta1)?;
    Ok((Adam::new(groups, config.beta1)?, opt_d))
}

/// The tensors whose name begins with `prefix`, without it.
pub(crate) fn part(tensors: &HashMap<String, Tensor>, prefix: &str) -> HashMap<String, Tensor> {
    let named =
        |(name, tensor): (&String, &Tensor)| Some((name.strip_prefix(prefix)?.to_string(), tensor.clone()));
    tensors.iter().filter_map(named).collect()
}
