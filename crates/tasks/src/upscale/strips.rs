//! A one-stage generator on a picture of any size: strip by strip, the same bits as at once.

use crate::Result;
use candle_core::Tensor;
use model::{Generator, Inputs};

/// Rows that a strip is a multiple of: the side of a Winograd tile, so that every row keeps its place in its tile and with it
/// its rounding.
const TILE: usize = 6;

/// Features that a strip may hold, in pixels: some 64 KiB times 1024.
const STRIP_PIXELS: usize = 1 << 18;

/// What the one stage of `g` makes of `x [1, H, W, C]`: `[1, H, W, C]` in [-1, 1].
pub(crate) fn forward(g: &Generator, x: &Tensor) -> Result<Tensor> {
    let width = x.dims4()?.2;
    forward_in_strips(g, x, (STRIP_PIXELS / width).max(TILE))
}

/// The same with about so many rows at once.
fn forward_in_strips(g: &Generator, x: &Tensor, rows: usize) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    let rows = rows.next_multiple_of(TILE);
    // What a row of the result depends on, above and below: half the receptive field.
    let halo = (g.config().receptive_field() / 2).next_multiple_of(TILE);
    let mut strips = Vec::with_capacity(height.div_ceil(rows));
    for first in (0..height).step_by(rows) {
        let last = (first + rows).min(height);
        let (from, to) = (first.saturating_sub(halo), (last + halo).min(height));
        let strip = x.narrow(1, from, to - from)?.contiguous()?;
        let inputs = Inputs { noise: &[strip], sizes: &[(to - from, width)], amps: &[0.0] };
        strips.push(g.forward(inputs)?.narrow(1, first - from, last - first)?);
    }
    Ok(Tensor::cat(&strips, 1)?)
}
