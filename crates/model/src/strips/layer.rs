//! Convolutions that belong together (a stage, the head, the tail), some rows at a time.

use super::input::Input;
use super::rows::{Kept, Source, joined};
use crate::Result;
use crate::block::{Block, Conv};
use candle_core::Tensor;
use kernels::{Activation, Gathered, NormSums};
use std::ops::Range;

/// The side of a Winograd tile. A row's rounding depends on its place in the tile.
const TILE: usize = 6;

/// Bytes of the features that are computed at once. Working memory is some ten times as much. Tests have the fewest rows.
const STRIP_BYTES: usize = if cfg!(test) { 0 } else { 48 << 20 };

/// The fewest rows that are computed at once: with fewer, most of the work would be the overlap of one with the next.
const LEAST_ROWS: usize = 8 * TILE;

/// Bytes up to which all features of a layer with normalisation are kept, which is read several times. Some of
/// the layers in tests have more.
const KEPT_BYTES: usize = if cfg!(test) { 30_000 } else { 256 << 20 };

pub(super) struct Layer<'a> {
    source: Source<'a>,
    input: Input<'a>,
    steps: Vec<Step<'a>>,
    skip: bool,
    /// Height and width of the output.
    pub(super) size: (usize, usize),
    kept: Kept,
}

/// A convolution and what follows it.
pub(super) struct Step<'a> {
    of: Of<'a>,
    /// The statistics of the normalisation, once they are known.
    stats: Option<Tensor>,
}

#[derive(Clone, Copy)]
enum Of<'a> {
    Block(&'a Block),
    Tail(&'a Conv),
}

/// What is wanted of the last of some steps.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Output,
    /// What its normalisation gets.
    BeforeNorm,
}

impl<'a> Step<'a> {
    pub(super) fn block(block: &'a Block) -> Self {
        Self { of: Of::Block(block), stats: None }
    }

    pub(super) fn tail(conv: &'a Conv) -> Self {
        Self { of: Of::Tail(conv), stats: None }
    }

    fn conv(&self) -> &'a Conv {
        match self.of {
            Of::Block(block) => &block.conv,
            Of::Tail(conv) => conv,
        }
    }

    /// The weight of the normalisation whose statistics are still to be gathered.
    fn missing(&self) -> Option<&'a Tensor> {
        let Of::Block(block) = self.of else { return None };
        block.norm.as_ref().filter(|_| self.stats.is_none()).map(|norm| &norm.weight)
    }

    fn forward(&self, x: &Tensor, wanted: Wanted) -> Result<Tensor> {
        match (self.of, wanted) {
            (_, Wanted::BeforeNorm) => Ok(self.conv().forward(x, 0)?),
            (Of::Block(block), _) => Ok(block.output(x, self.stats.as_ref())?),
            (Of::Tail(conv), _) => Ok(kernels::activate(&conv.forward(x, 0)?, Activation::Tanh)?),
        }
    }
}

impl<'a> Layer<'a> {
    pub(super) fn new(
        source: Source<'a>,
        input: Input<'a>,
        steps: Vec<Step<'a>>,
        size: (usize, usize),
    ) -> Self {
        let again = steps.iter().any(|step| step.missing().is_some());
        let layer = Self { source, input, steps, skip: false, size, kept: Kept::default() };
        if again { layer.kept_if_small() } else { layer }
    }

    /// Keeps all rows where they are few enough, for a layer that is read several times.
    pub(super) fn kept_if_small(mut self) -> Self {
        if self.size.0 * self.size.1 * 4 * channels(&self.steps) <= KEPT_BYTES {
            self.kept.keep_all();
        }
        self
    }

    /// Adds the enlarged source to the output.
    pub(super) fn with_skip(self) -> Self {
        Self { skip: true, ..self }
    }

    /// The rows that are computed at once, a multiple of a tile.
    pub(super) fn strip(&self) -> usize {
        let row = self.size.1 * 4 * channels(&self.steps).max(self.source_channels());
        (STRIP_BYTES / row.max(1)).max(LEAST_ROWS) / TILE * TILE
    }

    fn source_channels(&self) -> usize {
        self.steps[0].conv().weight.dims()[1]
    }

    /// These rows of the output.
    pub(super) fn rows(&mut self, range: Range<usize>) -> Result<Tensor> {
        let strip = self.strip();
        let blocks = range.start / strip..range.end.div_ceil(strip);
        let needed = blocks.len();
        let mut parts = Vec::with_capacity(needed);
        for index in blocks {
            let rows = index * strip..((index + 1) * strip).min(self.size.0);
            let block = match self.kept.get(index) {
                Some(block) => block,
                None => {
                    let block = self.compute(rows.clone())?;
                    self.kept.put(index, block.clone(), needed);
                    block
                }
            };
            let (from, to) = (range.start.max(rows.start), range.end.min(rows.end));
            parts.push(block.narrow(1, from - rows.start, to - from)?);
        }
        Ok(joined(parts)?.contiguous()?)
    }

    /// Rows that begin at a multiple of a tile.
    fn compute(&mut self, rows: Range<usize>) -> Result<Tensor> {
        let y = self.run(self.steps.len(), Wanted::Output, rows.clone())?;
        if !self.skip {
            return Ok(y);
        }
        self.input.skip(&mut self.source, self.size, rows, &y)
    }

    /// Rows, beginning at a multiple of a tile, of what the first `count` steps give.
    fn run(&mut self, count: usize, wanted: Wanted, rows: Range<usize>) -> Result<Tensor> {
        // Every step needs whole tiles of the one before, up to the picture's end.
        let mut ends = vec![rows.end; count + 1];
        for step in (0..count).rev() {
            let wider =
                rows.start + (ends[step + 1] - rows.start).next_multiple_of(TILE) + self.shrinks(step);
            ends[step] = wider.min(self.height(step));
        }
        let mut x = self.input.rows(&mut self.source, self.size.0, rows.start..ends[0])?;
        for (index, step) in self.steps[..count].iter().enumerate() {
            let used = self
                .height(index + 1)
                .min(rows.start + (ends[index + 1] - rows.start).next_multiple_of(TILE));
            let used = used - rows.start + self.shrinks(index);
            if used < x.dims()[1] {
                x = x.narrow(1, 0, used)?.contiguous()?;
            }
            let last = index + 1 == count;
            x = step.forward(&x, if last { wanted } else { Wanted::Output })?;
        }
        Ok(if x.dims()[1] == rows.len() { x } else { x.narrow(1, 0, rows.len())?.contiguous()? })
    }

    /// Rows by which a step's result is smaller than what it gets.
    fn shrinks(&self, step: usize) -> usize {
        self.steps[step].conv().kernel() - 1
    }

    /// The height of what `step` gets: that of the output and what the steps from it on take off.
    fn height(&self, step: usize) -> usize {
        self.size.0 + (step..self.steps.len()).map(|step| self.shrinks(step)).sum::<usize>()
    }

    /// Gathers the statistics of the first normalisation that lacks them, of this layer and those before it; says whether there
    /// was one.
    pub(super) fn gather(&mut self, between: &mut dyn FnMut() -> Result<()>) -> Result<bool> {
        if self.source.gather(between)? {
            return Ok(true);
        }
        let Some((index, weight)) = self.steps.iter().enumerate().find_map(|(i, s)| Some((i, s.missing()?)))
        else {
            return Ok(false);
        };
        let stats = match self.sums(index, NormSums::new(weight.elem_count()), between)?.stats(weight)? {
            Gathered::Stats(stats) => stats,
            Gathered::Means(means) => {
                match self.sums(index, NormSums::around(means), between)?.stats(weight)? {
                    Gathered::Stats(stats) => stats,
                    Gathered::Means(_) => unreachable!("squares around the means are those of the whole"),
                }
            }
        };
        self.steps[index].stats = Some(stats);
        self.kept.clear();
        Ok(true)
    }

    /// Sums over all that the normalisation of step `index` gets.
    fn sums(
        &mut self,
        index: usize,
        mut sums: NormSums,
        between: &mut dyn FnMut() -> Result<()>,
    ) -> Result<NormSums> {
        let (height, strip) = (self.height(index + 1), self.strip());
        for first in (0..height).step_by(strip) {
            let z = self.run(index + 1, Wanted::BeforeNorm, first..(first + strip).min(height))?;
            sums.add(&z)?;
            between()?;
        }
        Ok(sums)
    }
}

fn channels(steps: &[Step<'_>]) -> usize {
    steps.last().map_or(1, |step| step.conv().weight.dims()[0])
}
