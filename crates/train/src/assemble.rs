//! Finished runs of what another program trained.

use crate::log::{Log, LogLengths};
use crate::rundir::vacant;
use crate::sample::one_each_stage;
use crate::{FirstInput, Label, Losses, Model, Result, Run, RunInfo, TrainConfig};
use candle_core::Tensor;
use model::{Discriminator, Generator};
use pyramid::Picture;
use std::path::Path;

/// What a finished run is put together from, where another program trained it; one item a stage each.
#[derive(Debug)]
pub struct Trained<'a> {
    /// What it was trained with.
    pub config: TrainConfig,
    /// What it is called and made for.
    pub label: Label,
    /// The training pictures.
    pub pictures: &'a [Picture],
    /// The fixed noise, `[1, H, W, C]` each of [`model::NetConfig::noise_shape`].
    pub fixed: &'a [Tensor],
    /// What stage 0 is fed with where samples are drawn.
    pub first: &'a dyn FirstInput,
    /// Noise amplitudes.
    pub amps: &'a [f64],
    /// The networks at the end of each stage.
    pub networks: &'a [(Generator, Discriminator)],
}

impl Run {
    /// Makes the finished run `dir` of what was trained elsewhere, whole or not at all like [`Run::create`]. Its logs are empty,
    /// its losses and times zero.
    ///
    /// # Errors
    /// [`StageCount`](crate::Error::StageCount) where a part does not have an item a stage,
    /// [`File`](crate::Error::File) where `dir` exists or cannot be made, [`Range`](crate::Error::Range) and
    /// [`Picture`](crate::Error::Picture) for settings that cannot be.
    pub fn assemble(dir: &Path, trained: Trained<'_>) -> Result<Self> {
        let Trained { config, label, pictures, fixed, first, amps, networks } = trained;
        config.check()?;
        vacant(dir)?;
        let stages = config.train_stages;
        one_each_stage("training pictures", pictures.len(), stages)?;
        one_each_stage("tensors of fixed noise", fixed.len(), stages)?;
        one_each_stage("noise amplitudes", amps.len(), stages)?;
        one_each_stage("pairs of networks", networks.len(), stages)?;
        let info = RunInfo::new(&config, label, pictures[stages - 1].size(), pictures);
        Self::make(dir, config, info, |run| {
            run.fill(pictures)?;
            for (stage, (generator, discriminator)) in networks.iter().enumerate() {
                let model = Model {
                    generator: generator.clone(),
                    amps: amps[..=stage].to_vec(),
                    sizes: run.info.sizes[..=stage].to_vec(),
                    fixed: fixed[..=stage].to_vec(),
                };
                run.store_stage(&model, discriminator, first)?;
            }
            run.info.amps = amps.to_vec();
            run.info.stages_done = stages;
            run.info.seconds = vec![0.0; stages];
            run.info.losses = vec![Losses::default(); stages];
            run.info.logs = Log::open(&run.dir, LogLengths::default())?.flush()?;
            run.save_info()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Preset, Task};

    #[test]
    fn a_run_that_lacks_a_stage_is_refused_and_not_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let label = Label {
            task: Task::Generation,
            preset: Preset::Custom,
            picture: "x.png".into(),
            maps: Vec::new(),
        };
        let config = TrainConfig::default();
        let trained = Trained {
            config,
            label,
            pictures: &[],
            fixed: &[],
            first: &crate::Noise,
            amps: &[1.0],
            networks: &[],
        };
        let error = Run::assemble(&dir.path().join("run"), trained).expect_err("no stages");
        assert!(error.to_string().contains("6 stages"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 0);
    }
}
