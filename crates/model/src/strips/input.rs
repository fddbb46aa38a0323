//! Rows of what enters a layer's convolutions: the source resized, with noise and a border.

use super::rows::{Source, joined, segments};
use super::{Enlarge, NoiseRows};
use crate::Result;
use candle_core::{DType, Device, Tensor};
use kernels::{RowsOf, Wrap, bicubic_rows};
use std::ops::Range;

/// How a layer's input is made of its source.
pub(super) struct Input<'a> {
    pub(super) resize: Resize<'a>,
    pub(super) noise: Option<Noise<'a>>,
    /// Rows and columns of the border on each side: from the other edge along wrapped axes, else zeros.
    pub(super) pad: (usize, usize),
    pub(super) wrap: Wrap,
}

pub(super) enum Resize<'a> {
    None,
    To((usize, usize)),
    With(Box<dyn Enlarge + 'a>),
}

/// The noise that is added.
pub(super) struct Noise<'a> {
    pub(super) stage: usize,
    pub(super) rows: &'a NoiseRows<'a>,
    pub(super) amp: f32,
}

impl Input<'_> {
    /// The rows `rows` of the input with its border, counted from the border's first, for an output of `output` rows.
    pub(super) fn rows(&self, source: &mut Source<'_>, output: usize, rows: Range<usize>) -> Result<Tensor> {
        let height = match self.resize {
            Resize::None => source.size()?.0,
            Resize::To((h, _)) => h,
            Resize::With(_) => output,
        };
        let inner = rows.start as i64 - self.pad.0 as i64..rows.end as i64 - self.pad.0 as i64;
        let mut parts = Vec::new();
        if self.wrap.rows {
            for part in segments(inner, height) {
                parts.push(self.resized(source, part)?);
            }
        } else {
            let within = inner.start.clamp(0, height as i64)..inner.end.clamp(0, height as i64);
            let (above, below) = (within.start - inner.start, inner.end - within.end);
            let middle = self.resized(source, within.start as usize..within.end as usize)?;
            let zeros = |rows: i64| {
                let (_, _, w, c) = middle.dims4()?;
                Tensor::zeros((1, rows as usize, w, c), DType::F32, &Device::Cpu)
            };
            if above > 0 {
                parts.push(zeros(above)?);
            }
            let below = if below > 0 { Some(zeros(below)?) } else { None };
            parts.push(middle);
            parts.extend(below);
        }
        self.bordered(joined(parts)?)
    }

    /// Rows of the source, resized, with noise, without the border.
    fn resized(&self, source: &mut Source<'_>, rows: Range<usize>) -> Result<Tensor> {
        let noise = match &self.noise {
            Some(noise) => Some(((noise.rows)(noise.stage, rows.clone())?, noise.amp)),
            None => None,
        };
        let plus = noise.as_ref().map(|(noise, amp)| (noise, *amp));
        match self.resize {
            Resize::None => source.around(rows.start as i64..rows.end as i64),
            Resize::To(to) => enlarged(source, to, self.wrap, rows, plus),
            Resize::With(_) => self.added(source, rows, plus),
        }
    }

    /// Rows of the enlarged source with a multiple of `plus`, at the size `to` of the output: what a skip connection adds.
    pub(super) fn skip(
        &self,
        source: &mut Source<'_>,
        to: (usize, usize),
        rows: Range<usize>,
        plus: &Tensor,
    ) -> Result<Tensor> {
        match self.resize {
            Resize::With(_) => self.added(source, rows, Some((plus, 1.0))),
            _ => enlarged(source, to, self.wrap, rows, Some((plus, 1.0))),
        }
    }

    fn added(
        &self,
        source: &mut Source<'_>,
        rows: Range<usize>,
        plus: Option<(&Tensor, f32)>,
    ) -> Result<Tensor> {
        let Resize::With(enlarge) = &self.resize else {
            return source.around(rows.start as i64..rows.end as i64);
        };
        let needed = enlarge.source(rows.clone());
        let x = enlarge.rows(&source.around(needed.start as i64..needed.end as i64)?, rows)?;
        Ok(match plus {
            Some((plus, 1.0)) => (plus + x)?,
            Some((plus, amp)) => (x + plus.affine(f64::from(amp), 0.0)?)?,
            None => x,
        })
    }

    /// Columns of the border.
    fn bordered(&self, x: Tensor) -> Result<Tensor> {
        let (p, n) = (self.pad.1, x.dims()[2]);
        if p == 0 {
            return Ok(x);
        }
        if !self.wrap.columns {
            return Ok(x.pad_with_zeros(2, p, p)?.contiguous()?);
        }
        // The border may be wider than the picture.
        let from: Vec<u32> = (0..n + 2 * p).map(|i| ((i + n * p - p) % n) as u32).collect();
        Ok(x.index_select(&Tensor::new(from, x.device())?, 2)?.contiguous()?)
    }
}

/// Rows of the source resized to `to`, with a multiple of `plus`.
fn enlarged(
    source: &mut Source<'_>,
    to: (usize, usize),
    wrap: Wrap,
    rows: Range<usize>,
    plus: Option<(&Tensor, f32)>,
) -> Result<Tensor> {
    let of = RowsOf { from: source.size()?, to, wrap, rows };
    let x = source.around(of.source())?;
    Ok(bicubic_rows(&x, of, plus)?)
}
