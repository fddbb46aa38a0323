//! The naive picture as the network's input, and the training of a run's last stage on it.

use crate::pixels::{add_noise, overwrite, pixels, resized, tensor};
use crate::{Error, Preset, Result};
use candle_core::{Device, Tensor};
use kernels::Stream;
use ndarray::{Array3, s};
use pyramid::Picture;
use std::path::Path;
use train::{Example, FirstInput, Run};

/// Stage 0's input of a fine-tuning run: the naive picture, with noise of some deviation that is fresh each time.
#[derive(Debug)]
pub(crate) struct NaiveInput {
    picture: Array3<f32>,
    fixed: Tensor,
    noise: f64,
    /// The task's own input, whose examples go on to be learnt.
    task: Box<dyn FirstInput>,
}

impl NaiveInput {
    /// `picture` as the run stores it, and the run's fixed input.
    pub(crate) fn new(
        picture: &Tensor,
        fixed: Tensor,
        noise: f64,
        task: Box<dyn FirstInput>,
    ) -> Result<Self> {
        Ok(NaiveInput { picture: pixels(picture)?, fixed, noise, task })
    }
}

impl FirstInput for NaiveInput {
    fn fixed(&self, _: &Tensor, _: u64) -> train::Result<Tensor> {
        Ok(self.fixed.clone())
    }

    fn fill(&self, target: &Tensor, stream: Stream) -> train::Result<()> {
        let (_, h, w, _) = target.dims4()?;
        overwrite(target, &resized(&self.picture, (h, w))?)?;
        if self.noise > 0.0 {
            target.slice_set(&add_noise(target, stream, self.noise)?, 0, 0)?;
        }
        Ok(())
    }

    fn example(&self, real: &Tensor, stream: Stream) -> train::Result<Option<Example>> {
        self.task.example(real, stream)
    }
}

/// Makes a run directory `dir` that trains the last stage of `run`, a finished harmonization or editing run, for `niter` more
/// iterations with the naive picture as the fake's input. [`train::train`] does the training.
pub fn fine_tune(dir: &Path, run: &Run, naive: &Picture, niter: usize) -> Result<Run> {
    super::check(run)?;
    let input = tensor(&resized(&fitted(run, naive)?, run.info.sizes[0])?, &Device::Cpu)?;
    Ok(Run::fine_tune(dir, run, niter, &input, &Device::Cpu)?)
}

/// Iterations of fine-tuning that suit a run: as many as a stage's with the preset `paper` and for models of the official program, as that does; otherwise
/// so few that what was edited is joined to its surroundings and not yet replaced by what was there.
pub fn fine_tune_niter(run: &Run) -> usize {
    match Preset::from_name(&run.info.preset) {
        Some(Preset::Quick | Preset::Auto) => 40,
        _ => run.config.niter,
    }
}

/// The naive picture with the run's channels: gray is spread over RGB, alpha added (opaque) or left aside. Fails where colours
/// would be lost.
pub(crate) fn fitted(run: &Run, naive: &Picture) -> Result<Array3<f32>> {
    let (wanted, own) = (run.info.channels, naive.channels());
    if own >= 3 && wanted < 3 {
        let rgb = naive.pixels();
        let gray = rgb
            .outer_iter()
            .all(|row| row.outer_iter().all(|p| (p[0] - p[1]).abs() < 0.01 && (p[1] - p[2]).abs() < 0.01));
        if !gray {
            return Err(Error::Value {
                name: "the naive picture",
                value: "in colour".into(),
                expected: format!(
                    "gray, as the picture of {}; train a run on a picture in colour",
                    run.dir.display()
                ),
            });
        }
        let mut pixels = rgb.slice(s![.., .., ..1]).to_owned();
        if own == 4 {
            pixels = ndarray::concatenate![ndarray::Axis(2), pixels, rgb.slice(s![.., .., 3..])];
        }
        return fitted(run, &Picture::from_pixels(pixels)?);
    }
    let widened = naive.widened(wanted).into_pixels();
    // What is left over is alpha that the run does not have.
    Ok(if widened.dim().2 > wanted { widened.slice(s![.., .., ..wanted]).to_owned() } else { widened })
}
