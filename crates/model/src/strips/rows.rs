//! Where a layer takes its rows from, and the rows that a layer keeps.

use super::layer::Layer;
use crate::Result;
use candle_core::Tensor;
use std::collections::VecDeque;
use std::ops::Range;

/// What a layer computes its rows from.
pub(super) enum Source<'a> {
    Whole(Tensor),
    Layer(Box<Layer<'a>>),
}

impl<'a> From<Layer<'a>> for Source<'a> {
    fn from(layer: Layer<'a>) -> Self {
        Self::Layer(Box::new(layer))
    }
}

impl Source<'_> {
    /// Height and width.
    pub(super) fn size(&self) -> Result<(usize, usize)> {
        match self {
            Self::Whole(x) => {
                let (_, h, w, _) = x.dims4()?;
                Ok((h, w))
            }
            Self::Layer(layer) => Ok(layer.size),
        }
    }

    /// Rows that may lie before 0 and beyond the end, where the picture goes around.
    pub(super) fn around(&mut self, range: Range<i64>) -> Result<Tensor> {
        let mut parts = Vec::new();
        for part in segments(range, self.size()?.0) {
            parts.push(match self {
                Self::Whole(x) => x.narrow(1, part.start, part.len())?.contiguous()?,
                Self::Layer(layer) => layer.rows(part)?,
            });
        }
        joined(parts)
    }

    /// See [`Layer::gather`].
    pub(super) fn gather(&mut self, between: &mut dyn FnMut() -> Result<()>) -> Result<bool> {
        match self {
            Self::Whole(_) => Ok(false),
            Self::Layer(layer) => layer.gather(between),
        }
    }
}

/// The parts of a range that goes around an axis of `n`, each within 0..n.
pub(super) fn segments(range: Range<i64>, n: usize) -> Vec<Range<usize>> {
    let mut list = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let start = at.rem_euclid(n as i64) as usize;
        let count = ((range.end - at) as usize).min(n - start);
        list.push(start..start + count);
        at += count as i64;
    }
    list
}

/// Rows one below the other.
pub(super) fn joined(mut parts: Vec<Tensor>) -> Result<Tensor> {
    Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Tensor::cat(&parts, 1)? })
}

/// The blocks of rows that were used last.
#[derive(Default)]
pub(super) struct Kept {
    blocks: VecDeque<(usize, Tensor)>,
    most: usize,
}

impl Kept {
    /// All blocks are kept from now on.
    pub(super) fn keep_all(&mut self) {
        self.most = usize::MAX;
    }

    pub(super) fn get(&mut self, index: usize) -> Option<Tensor> {
        let place = self.blocks.iter().position(|(i, _)| *i == index)?;
        let found = self.blocks.remove(place)?;
        let tensor = found.1.clone();
        self.blocks.push_back(found);
        Some(tensor)
    }

    /// Keeps a block, of those that one call needs `needed`, and drops the ones that were not used for longest.
    pub(super) fn put(&mut self, index: usize, block: Tensor, needed: usize) {
        self.most = self.most.max(needed);
        while self.blocks.len() >= self.most {
            self.blocks.pop_front();
        }
        self.blocks.push_back((index, block));
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
    }
}
