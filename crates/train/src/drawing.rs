//! One picture of a generator, as a whole or, where its features would take too much memory, in strips.

use crate::event::{Observer, Work};
use crate::sample::Model;
use crate::{Error, Result, Silent};
use candle_core::Tensor;
use kernels::{RowsOf, Wrap, bicubic, bicubic_rows};
use model::{StripInputs, Strips};
use std::fmt;
use std::ops::Range;

/// Everything that one picture is made of.
pub struct Drawing<'a> {
    /// The generator, its sizes and amplitudes.
    pub model: &'a Model,
    /// Stage 0's input.
    pub first: Tensor,
    /// The stages above 0 that are run.
    pub stages: Range<usize>,
    /// Axes along which the picture's edges meet.
    pub wrap: Wrap,
    /// Rows of the noise of a stage above 0.
    pub noise: Box<Rows<'a>>,
}

/// Computes rows `[1, rows, W, C]` of a stage's noise, whose shape is [`Drawing::shape`].
pub type Rows<'a> = dyn Fn(usize, Range<usize>) -> model::Result<Tensor> + 'a;

impl fmt::Debug for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drawing").field("size", &self.model.size()).field("stages", &self.stages).finish()
    }
}

impl<'a> Drawing<'a> {
    /// A drawing of all stages with noise that is there already, an item a stage, whose first is stage 0's input.
    pub fn of(model: &'a Model, noise: Vec<Tensor>) -> Self {
        let first = noise.first().cloned().unwrap_or_else(|| model.fixed[0].clone());
        let rows = move |stage: usize, rows: Range<usize>| {
            Ok(noise[stage].narrow(1, rows.start, rows.len())?.contiguous()?)
        };
        let stages = 1..model.generator.stages();
        Self { model, first, stages, wrap: Wrap::default(), noise: Box::new(rows) }
    }

    /// The picture, `[1, H, W, C]` in [-1, 1].
    ///
    /// # Errors
    /// [`Error::StageCount`] as [`Model::check`]; [`Error::Model`] and [`Error::Tensor`] where the sizes are
    /// too small for the network; the errors of the noise.
    pub fn picture(&self) -> Result<Tensor> {
        if self.model.is_large() {
            let mut strips = Vec::new();
            self.each_strip(&mut Silent, |strip| -> Result<()> {
                strips.push(strip);
                Ok(())
            })?;
            return Ok(Tensor::cat(&strips, 1)?);
        }
        self.whole()
    }

    /// Calls `emit` with the rows of the picture, `[1, rows, W, C]` in [-1, 1], from top to bottom. The observer is notified of
    /// every strip, and between the parts of the work that come before the first.
    ///
    /// # Errors
    /// As [`Drawing::picture`]; [`Error::Stopped`] where the observer stops it; those of `emit`.
    pub fn each_strip<E: From<Error>>(
        &self,
        observer: &mut dyn Observer,
        mut emit: impl FnMut(Tensor) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let height = self.model.size().0;
        let passes = self.model.generator.norms(self.stages.clone());
        let total = (passes + 1) * height;
        let mut between = |known: usize| {
            observer.progress(Work::Strips, known * height, total).map_err(|_| model::Error::Stopped)
        };
        let mut strips = self.strips(&mut between)?;
        while let Some(strip) = strips.next() {
            emit(strip.map_err(Error::from)?)?;
            observer.progress(Work::Strips, passes * height + strips.done(), total).map_err(Error::from)?;
        }
        Ok(())
    }

    fn strips(&self, between: &mut dyn FnMut(usize) -> model::Result<()>) -> Result<Strips<'_>> {
        self.model.check()?;
        let inputs = StripInputs {
            first: self.first.clone(),
            noise: self.noise.as_ref(),
            sizes: &self.model.sizes,
            amps: &self.model.amps,
            stages: self.stages.clone(),
            wrap: self.wrap,
        };
        self.model.generator.strips(inputs, between).map_err(|error| match error {
            model::Error::Stopped => Error::Stopped(crate::Stopped),
            error => error.into(),
        })
    }

    fn whole(&self) -> Result<Tensor> {
        self.model.check()?;
        let Model { generator, sizes, .. } = self.model;
        let mut noise = vec![self.first.clone()];
        for stage in 1..generator.stages() {
            // Stages that are left out get no noise.
            let unused = !self.stages.contains(&stage);
            noise.push(if unused {
                self.first.clone()
            } else {
                (self.noise)(stage, 0..self.shape(stage).0)?
            });
        }
        let inputs = self.model.inputs(&noise);
        if self.wrap.any() {
            return Ok(generator.forward_tiled(inputs, self.wrap)?);
        }
        let mut features = generator.features(inputs, None, 0..1)?;
        if !self.stages.is_empty() {
            features = generator.features(inputs, Some(features), self.stages.clone())?;
        }
        debug_assert_eq!(sizes.len(), generator.stages());
        Ok(generator.picture(&features)?)
    }

    /// Height, width and channels of the noise of a stage.
    pub fn shape(&self, stage: usize) -> (usize, usize, usize) {
        self.model.noise_shape(stage, self.wrap)
    }
}

/// Rows of `x [1, h, w, C]` resized to a height and width.
pub(crate) fn resized_rows(x: &Tensor, size: (usize, usize), rows: Range<usize>) -> model::Result<Tensor> {
    let (_, h, w, _) = x.dims4()?;
    if (h, w) == size {
        return Ok(x.narrow(1, rows.start, rows.len())?.contiguous()?);
    }
    if rows == (0..size.0) {
        return Ok(bicubic(x, size)?);
    }
    let of = RowsOf { from: (h, w), to: size, wrap: Wrap::default(), rows };
    let source = of.source();
    let x = x.narrow(1, source.start as usize, (source.end - source.start) as usize)?.contiguous()?;
    Ok(bicubic_rows(&x, of, None)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sampling;
    use candle_core::Device;
    use kernels::{Stream, normal};
    use model::{Generator, NetConfig, first_weights};

    /// A generator of two stages whose pictures, at 90x40, are large for tests.
    fn model(batch_norm: bool) -> Result<Model> {
        let config = NetConfig { filters: 12, layers: 2, batch_norm, ..NetConfig::default() };
        let stream = Stream::new(5, [1, 0, 0], 0);
        let vb = first_weights::generator(&config, stream, &Device::Cpu);
        let fixed = [(20, 10), (45, 20)].into_iter().enumerate();
        let noise = |(k, size)| normal(stream, (0, 0), config.noise_shape(k, size), &Device::Cpu);
        Ok(Model {
            generator: Generator::new(&config, 2, vb)?,
            amps: vec![1.0, 0.5],
            sizes: vec![(40, 20), (90, 40)],
            fixed: fixed.map(noise).collect::<candle_core::Result<_>>()?,
        })
    }

    fn vector(x: &Tensor) -> Result<Vec<f32>> {
        Ok(x.flatten_all()?.to_vec1()?)
    }

    #[test]
    fn large_pictures_are_the_same_in_strips() -> Result<()> {
        for (batch_norm, start_stage) in [(false, 0), (true, 1)] {
            let model = model(batch_norm)?;
            assert!(model.is_large());
            let wrap = Wrap::default();
            let sampling = Sampling { first: &crate::Noise, start_stage, wrap, seed: 4 };
            for drawing in [model.drawing(sampling, 7)?, model.reconstruction(wrap)?] {
                assert_eq!(vector(&drawing.picture()?)?, vector(&drawing.whole()?)?);
            }
        }
        Ok(())
    }

    #[test]
    fn an_observer_can_stop_between_strips() -> Result<()> {
        let model = model(true)?;
        let mut told = 0;
        let mut stop_at = |parts: usize| {
            let mut observer = |_: &crate::Event<'_>| {
                told += 1;
                if told >= parts { crate::Control::Stop } else { crate::Control::Continue }
            };
            let drawing = model.reconstruction(Wrap::default())?;
            drawing.each_strip(&mut observer, |_| -> Result<()> { Ok(()) })
        };
        assert!(stop_at(2).is_err_and(|e| e.is_stopped()));
        assert!(stop_at(2).is_err_and(|e| e.is_stopped()));
        assert!(stop_at(1000).is_ok());
        Ok(())
    }
}
