//! Finished runs of what another program trained.

use crate::log::{Log, LogLengths};
use crate::run::store_stage;
use crate::rundir::vacant;
use crate::{Error, FirstInput, Label, Result, Run, RunInfo, Sampling, TrainConfig};
use candle_core::Tensor;
use kernels::Wrap;
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
    pub fn assemble(dir: &Path, trained: Trained<'_>) -> Result<Self> {
        let Trained { config, label, pictures, fixed, first, amps, networks } = trained;
        config.check()?;
        vacant(dir)?;
        let stages = config.train_stages;
        if [pictures.len(), fixed.len(), amps.len(), networks.len()] != [stages; 4] {
            return Err(Error::Contradiction(format!("not every part of the run has {stages} stages")));
        }
        let info = RunInfo::new(&config, label, pictures[stages - 1].size(), pictures);
        Run::make(dir, config, info, |run| {
            run.fill(pictures)?;
            for (stage, (g, d)) in networks.iter().enumerate() {
                let sampling = Sampling {
                    amps: &amps[..=stage],
                    sizes: &run.info.sizes[..=stage],
                    fixed: &fixed[..=stage],
                    first,
                    start_stage: 0,
                    wrap: Wrap::default(),
                    seed: run.info.seed,
                };
                store_stage(run, stage, g, d, sampling)?;
            }
            run.info.amps = amps.to_vec();
            run.info.stages_done = stages;
            run.info.seconds = vec![0.0; stages];
            run.info.losses = vec![[0.0; 5]; stages];
            run.info.logs = Log::open(&run.dir, LogLengths::default())?.flush()?;
            run.save_info()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_lacks_a_stage_is_refused_and_not_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let label = Label { task: "t".into(), preset: "p".into(), picture: "x.png".into() };
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
