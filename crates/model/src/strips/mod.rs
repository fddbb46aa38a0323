//! The generator a few rows at a time, for pictures whose features do not fit into memory at once.
//!
//! Rows of the picture are asked of the tail, which asks the last stage for the rows of features that they depend on, and so on
//! down to the noise. Every layer keeps the rows that it computed last. All rows begin at multiples of a Winograd tile, so
//! that each has the same place in its tile as in the whole, and with it the same bits. With batch norm the statistics are
//! gathered first, one layer after the other.

mod input;
mod layer;
mod rows;

use crate::{Border, Generator, Result};
use candle_core::Tensor;
use input::{Input, Noise, Resize};
use kernels::Wrap;
use layer::{Layer, Step};
use rows::Source;
use std::fmt;
use std::ops::Range;

/// What a generator makes in strips.
pub struct StripInputs<'a> {
    /// The input of stage 0, `[1, H, W, C]` of [`crate::NetConfig::tiled_noise_shape`].
    pub first: Tensor,
    /// Rows of the noise of a stage above 0, `[1, rows, W, C]` of the same shape, before it is multiplied by the amplitude.
    pub noise: &'a NoiseRows<'a>,
    /// Output height and width of each stage.
    pub sizes: &'a [(usize, usize)],
    /// Noise amplitudes; stage 0's is not used.
    pub amps: &'a [f64],
    /// The stages above 0 that are run, in order.
    pub stages: Range<usize>,
    /// Axes along which the picture's edges meet.
    pub wrap: Wrap,
}

/// Computes rows of a stage's noise.
pub type NoiseRows<'a> = dyn Fn(usize, Range<usize>) -> Result<Tensor> + 'a;

/// Features that are computed a few rows at a time.
pub struct FeatureStrips<'a>(Layer<'a>);

/// A resize of features that is not the networks' own.
pub trait Enlarge {
    /// The rows of the source that the rows `rows` of the result depend on.
    fn source(&self, rows: Range<usize>) -> Range<usize>;

    /// The rows `rows` of the result, `[1, rows, W, C]`, from the rows [`Enlarge::source`].
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where they cannot be made.
    fn rows(&self, source: &Tensor, rows: Range<usize>) -> Result<Tensor>;
}

/// A picture under way: an iterator over its rows from top to bottom, `[1, rows, W, C]` in [-1, 1].
pub struct Strips<'a> {
    tail: Layer<'a>,
    done: usize,
}

impl fmt::Debug for Strips<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Strips({:?}, {} rows done)", self.tail.size, self.done)
    }
}

impl Generator {
    /// The picture of [`Generator::forward`] or [`Generator::forward_tiled`], in strips, with the same bits. On the CPU only.
    /// With batch norm most of the work is done here; `between` is called now and then meanwhile with the number of
    /// normalisations ([`Generator::norms`]) whose statistics are known, and its error ends the work.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where noise or sizes have other shapes, or are on a GPU; the errors of the noise and of `between`.
    pub fn strips<'a>(
        &'a self,
        inputs: StripInputs<'a>,
        between: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Strips<'a>> {
        let wrap = inputs.wrap;
        let mut tail = self.tail_layer(self.layers(inputs)?, wrap);
        let mut known = 0;
        while tail.gather(&mut || between(known))? {
            known += 1;
        }
        Ok(Strips { tail, done: 0 })
    }

    /// The number of normalisations of the head and of these stages above 0, and of stage 0.
    pub fn norms(&self, stages: Range<usize>) -> usize {
        if self.config.batch_norm { 1 + (1 + stages.len()) * self.config.layers } else { 0 }
    }

    /// The features of [`Generator::features`], in strips, with the same bits; they can be read again and again. On the CPU
    /// only, and without batch norm.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where the first input has another rank.
    pub fn feature_strips<'a>(&'a self, inputs: StripInputs<'a>) -> Result<FeatureStrips<'a>> {
        Ok(FeatureStrips(self.layers(inputs)?.kept_if_small()))
    }

    /// [`Generator::refine`] of features that `enlarge` enlarges, in strips.
    pub fn refined_strips<'a>(
        &'a self,
        features: FeatureStrips<'a>,
        stage: usize,
        (enlarge, size): (Box<dyn Enlarge + 'a>, (usize, usize)),
        (noise, amp): (&'a NoiseRows<'a>, f64),
    ) -> FeatureStrips<'a> {
        let noise = Noise { stage, rows: noise, amp: amp as f32 };
        let margin = self.config.margin();
        let (resize, pad, wrap) = (Resize::With(enlarge), (margin, margin), Wrap::default());
        let input = Input { resize, noise: Some(noise), pad, wrap };
        let layer = Layer::new(Source::from(features.0), input, self.steps(stage), size).with_skip();
        FeatureStrips(layer.kept_if_small())
    }

    /// The pictures of features, in strips.
    pub fn picture_strips<'a>(&'a self, features: FeatureStrips<'a>) -> Strips<'a> {
        Strips { tail: self.tail_layer(features.0, Wrap::default()), done: 0 }
    }

    fn tail_layer<'a>(&'a self, features: Layer<'a>, wrap: Wrap) -> Layer<'a> {
        let (half, size) = (self.config.half(), features.size);
        let input = Input { resize: Resize::None, noise: None, pad: (half, half), wrap };
        Layer::new(Source::from(features), input, vec![Step::tail(&self.tail)], size)
    }

    /// The layers from the head to the last stage, each the source of the next.
    fn layers<'a>(&'a self, inputs: StripInputs<'a>) -> Result<Layer<'a>> {
        let StripInputs { first, noise, sizes, amps, stages, wrap } = inputs;
        let (half, margin) = (self.config.half(), self.config.margin());
        let grown = self.config.border == Border::Grown;
        let grow = |wrapped: bool, by: usize| if grown && !wrapped { 2 * by } else { 0 };
        let enlarged =
            |(h, w): (usize, usize), by: usize| (h + grow(wrap.rows, by), w + grow(wrap.columns, by));
        // Wrapped axes get all of the border from the other edge, others what the larger resize has not given.
        let pad = |by: usize, zeros: usize| {
            (if wrap.rows { by } else { zeros }, if wrap.columns { by } else { zeros })
        };

        let (_, h, w, _) = first.dims4()?;
        let input = Input { resize: Resize::None, noise: None, pad: (half, half), wrap };
        let mut layer = Layer::new(Source::Whole(first), input, vec![Step::block(&self.head)], (h, w));
        let stem = if grown || wrap.any() { Resize::To(enlarged((h, w), half)) } else { Resize::None };
        let zeros = if grown { margin - half } else { margin };
        let input = Input { resize: stem, noise: None, pad: pad(margin, zeros), wrap };
        layer = Layer::new(Source::from(layer), input, self.steps(0), (h, w));
        for stage in stages {
            let noise = Noise { stage, rows: noise, amp: amps[stage] as f32 };
            let zeros = if grown { 0 } else { margin };
            let resize = Resize::To(enlarged(sizes[stage], margin));
            let input = Input { resize, noise: Some(noise), pad: pad(margin, zeros), wrap };
            layer = Layer::new(Source::from(layer), input, self.steps(stage), sizes[stage]).with_skip();
        }
        Ok(layer)
    }

    fn steps(&self, stage: usize) -> Vec<Step<'_>> {
        self.body[stage].iter().map(Step::block).collect()
    }
}

impl FeatureStrips<'_> {
    /// Height and width.
    pub fn size(&self) -> (usize, usize) {
        self.0.size
    }

    /// Calls `f` with all rows, `[1, rows, W, C]`, from top to bottom.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where they cannot be computed; those of the noise and of `f`.
    pub fn each(&mut self, mut f: impl FnMut(&Tensor) -> Result<()>) -> Result<()> {
        let (height, strip) = (self.0.size.0, self.0.strip());
        for first in (0..height).step_by(strip) {
            f(&self.0.rows(first..(first + strip).min(height))?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for FeatureStrips<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeatureStrips({:?})", self.0.size)
    }
}

impl Strips<'_> {
    /// Height and width of the picture.
    pub fn size(&self) -> (usize, usize) {
        self.tail.size
    }

    /// Rows of the picture that are computed.
    pub fn done(&self) -> usize {
        self.done
    }
}

impl Iterator for Strips<'_> {
    type Item = Result<Tensor>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = (self.done + self.tail.strip()).min(self.tail.size.0);
        if self.done == end {
            return None;
        }
        let rows = self.tail.rows(self.done..end);
        self.done = end;
        Some(rows)
    }
}

#[cfg(test)]
mod tests;
