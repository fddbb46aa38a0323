//! The last stage of a generator, applied again and again to the features of a reconstruction.

use crate::Result;
use crate::features::{EnlargedRows, MomentSums, Moments, enlarged_features};
use crate::resample::enlarged_size;
use candle_core::{Device, Tensor};
use kernels::Wrap;
use model::{FeatureStrips, NoiseRows, StripInputs};
use ndarray::{Axis, concatenate};
use pyramid::{Picture, Size};
use std::ops::Range;
use train::{Model, Observer, Work, streams};

/// Fresh noise above the reconstruction, relative to the last stage's amplitude. With 1 the patches of grainy pictures stay too
/// smooth; 3 to 8 measure alike there, but the more the worse on smooth ones.
const NOISE: f64 = 4.0;

/// The picture that the grown features of a reconstruction show, whose stage 0 gets `first`. The observer is notified of every
/// application of the last stage.
///
/// # Errors
/// [`crate::Error::Stopped`] where the observer stops it.
pub(crate) fn grown_picture(
    model: &Model,
    first: Tensor,
    growth: Growth,
    observer: &mut dyn Observer,
) -> Result<Picture> {
    let largest = Model { sizes: vec![growth.size; model.sizes.len()], ..model.clone() };
    if largest.is_large() {
        return grown_in_strips(model, first, growth, observer);
    }
    let features = grown(model, reconstruction(model, first, growth.seed)?, growth, observer)?;
    Ok(train::picture(&model.generator.picture(&features)?)?)
}

/// The features that give a picture back, and those one stage below.
struct Reconstruction {
    features: Tensor,
    below: Tensor,
}

/// Rows of the noise that gives the picture back: the fixed noise, drawn anew where the sizes are not those of training.
fn noise_rows(model: &Model, seed: u64, stage: usize, rows: Range<usize>) -> model::Result<Tensor> {
    let (fixed, config) = (&model.fixed[stage], model.generator.config());
    let (h, w, c) = config.noise_shape(stage, model.sizes[stage]);
    if fixed.dims() == [1, h, w, c] {
        return Ok(fixed.narrow(1, rows.start, rows.len())?.contiguous()?);
    }
    let stream = streams::upscaling_noise(seed, stage, 0);
    Ok(kernels::normal(stream, (rows.start as i64, 0), (rows.len(), w, c), &Device::Cpu)?)
}

/// The features that give a picture back, whose reduction is `first`.
fn reconstruction(model: &Model, first: Tensor, seed: u64) -> Result<Reconstruction> {
    let Model { generator, sizes, .. } = model;
    let mut noise = vec![first];
    for (stage, &size) in sizes.iter().enumerate().skip(1) {
        let height = generator.config().noise_shape(stage, size).0;
        noise.push(noise_rows(model, seed, stage, 0..height)?);
    }
    let inputs = model.inputs(&noise);
    let last = sizes.len() - 1;
    let below = generator.features(inputs, None, 0..last)?;
    let features = generator.features(inputs, Some(below.clone()), last..last + 1)?;
    Ok(Reconstruction { features, below })
}

/// The growth of the features.
pub(crate) struct Growth {
    pub(crate) factor: f64,
    /// Height and width of the result.
    pub(crate) size: Size,
    /// Seed of the noise.
    pub(crate) seed: u64,
    /// How often the last stage is applied.
    pub(crate) count: usize,
}

/// The last stage on the reconstruction's features, as often as its step goes into the factor, the last time at exactly
/// the result's size.
///
/// A stage adds to what goes past it, so that features taken through one stage many times grow without end. Each time they are
/// first given the moments of those that the stage was trained on.
fn grown(
    model: &Model,
    reconstruction: Reconstruction,
    growth: Growth,
    observer: &mut dyn Observer,
) -> Result<Tensor> {
    let Growth { factor, seed, count, .. } = growth;
    let Model { generator, amps, .. } = model;
    let last = generator.stages() - 1;
    let below = Moments::of(&reconstruction.below)?;
    let mut features = reconstruction.features;
    let (_, h, w, _) = features.dims4()?;
    for done in 1..=count {
        let next = growth.size_after(done, (h, w));
        let turned = Moments::of(&features)?.to(&below)?.apply(&features)?;
        let enlarged = enlarged_features(&turned, factor.powf(1.0 / count as f64), next)?;
        let shape = (next.0, next.1, generator.config().filters);
        let noise =
            kernels::normal(streams::upscaling_noise(seed, last, done), (0, 0), shape, features.device())?;
        features = generator.refine(last, &enlarged, &noise, amps[last] * NOISE)?;
        observer.progress(Work::Enlarging, done, count)?;
    }
    Ok(features)
}

impl Growth {
    /// Height and width after so many applications of the last stage to features of the size `from`.
    fn size_after(&self, done: usize, from: Size) -> Size {
        if done == self.count {
            return self.size;
        }
        enlarged_size(from, self.factor.powf(done as f64 / self.count as f64))
    }
}

/// What [`grown`] gives of the reconstruction, shown by the tail, for features that do not fit into memory: a few rows at a
/// time, with the same bits. Every application needs the moments of all that it is applied to, so that the features are computed
/// again for each.
fn grown_in_strips(
    model: &Model,
    first: Tensor,
    growth: Growth,
    observer: &mut dyn Observer,
) -> Result<Picture> {
    let Growth { factor, seed, count, .. } = growth;
    let Model { generator, amps, sizes, .. } = model;
    let last = generator.stages() - 1;
    let fixed = |stage: usize, rows: Range<usize>| noise_rows(model, seed, stage, rows);
    let inputs = |stages: Range<usize>| StripInputs {
        first: first.clone(),
        noise: &fixed,
        sizes,
        amps,
        stages,
        wrap: Wrap::default(),
    };
    let noises: Vec<_> = (1..=count).map(|done| fresh_noise(model, &growth, done)).collect();
    let mut moments = |features: &mut FeatureStrips<'_>, done: usize| -> Result<Moments> {
        let mut sums = MomentSums::default();
        let mut stopped = Ok(());
        let passed = features.each(|rows| {
            sums.add(rows)?;
            stopped = observer.progress(Work::Enlarging, done, count);
            stopped.map_err(|_| model::Error::Stopped)
        });
        stopped?;
        passed.map_err(train::Error::from)?;
        Ok(sums.moments())
    };
    let strips = |stages| generator.feature_strips(inputs(stages)).map_err(train::Error::from);
    let below = moments(&mut strips(1..last)?, 0)?;
    let mut features = strips(1..last + 1)?;
    for (done, noise) in (1..=count).zip(&noises) {
        let affine = moments(&mut features, done - 1)?.to(&below)?;
        let next = growth.size_after(done, sizes[last]);
        let enlarge = EnlargedRows::new(affine, features.size(), factor.powf(1.0 / count as f64), next)?;
        let noise = (noise.as_ref(), amps[last] * NOISE);
        features = generator.refined_strips(features, last, (Box::new(enlarge), next), noise);
    }
    let mut rows = Vec::new();
    for strip in generator.picture_strips(features) {
        rows.push(train::picture(&strip.map_err(train::Error::from)?)?);
        observer.progress(Work::Enlarging, count, count)?;
    }
    let views: Vec<_> = rows.iter().map(Picture::pixels).collect();
    let whole = concatenate(Axis(0), &views).map_err(candle_core::Error::wrap)?;
    Ok(Picture::from_pixels(whole)?)
}

/// Rows of the noise of an application of the last stage.
fn fresh_noise<'a>(model: &Model, growth: &Growth, done: usize) -> Box<NoiseRows<'a>> {
    let last = model.generator.stages() - 1;
    let (_, w) = growth.size_after(done, model.sizes[last]);
    let (stream, filters) =
        (streams::upscaling_noise(growth.seed, last, done), model.generator.config().filters);
    Box::new(move |_, rows: Range<usize>| {
        Ok(kernels::normal(stream, (rows.start as i64, 0), (rows.len(), w, filters), &Device::Cpu)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Border;
    use train::TrainConfig;

    #[test]
    fn strips_grow_as_the_whole_does() -> Result<()> {
        let config = TrainConfig { filters: 14, border: Border::Padded, ..TrainConfig::default() };
        let sizes = vec![(26, 20), (33, 25), (41, 31)];
        let (net, stream) = (config.net(3), streams::generator_weights(3));
        let vb = model::first_weights::generator(&net, stream, &Device::Cpu);
        let noise = |k: usize| kernels::normal(stream, (0, 0), net.noise_shape(k, sizes[k]), &Device::Cpu);
        let model = Model {
            generator: model::Generator::new(&net, 3, vb)?,
            amps: vec![1.0, 0.4, 0.3],
            fixed: (0..3).map(noise).collect::<candle_core::Result<_>>()?,
            sizes: sizes.clone(),
        };
        let growth = || Growth { factor: 2.5, size: (103, 78), seed: 4, count: 4 };
        let first = noise(0)?;
        let whole = grown(&model, reconstruction(&model, first.clone(), 4)?, growth(), &mut train::Silent)?;
        let whole = train::picture(&model.generator.picture(&whole)?)?;
        assert_eq!(grown_in_strips(&model, first, growth(), &mut train::Silent)?, whole);
        Ok(())
    }
}
