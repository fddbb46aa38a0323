//! A one-stage generator on a picture of any size: strip by strip, the same bits as at once.

use crate::Result;
use candle_core::Tensor;
use model::{Generator, Inputs};
use pyramid::Size;
use train::Stopped;

/// Rows that a strip is a multiple of: the side of a Winograd tile, so that every row keeps its place in its tile and with it
/// its rounding.
const TILE: usize = 6;

/// Pixels of a strip; features take some 1 KiB each.
const STRIP_PIXELS: usize = 1 << 18;

/// Smallest number of rows of a strip. With fewer, most of the work would be overlap.
const LEAST_ROWS: usize = 96;

/// What the one stage of `g` makes of `x [1, H, W, C]`: `[1, H, W, C]` in [-1, 1]. `progress` is called after each strip and
/// may stop it.
pub(crate) fn forward(
    g: &Generator,
    x: &Tensor,
    progress: &mut dyn FnMut() -> std::result::Result<(), Stopped>,
) -> Result<Tensor> {
    forward_in_strips(g, x, rows(x.dims4()?.2), progress)
}

/// Rows of a strip of this width.
fn rows(width: usize) -> usize {
    (STRIP_PIXELS / width).max(LEAST_ROWS).next_multiple_of(TILE)
}

/// The number of strips of a picture.
pub(crate) fn count((height, width): Size) -> usize {
    height.div_ceil(rows(width))
}

/// Like [`forward`], with about this many rows at once.
fn forward_in_strips(
    g: &Generator,
    x: &Tensor,
    rows: usize,
    progress: &mut dyn FnMut() -> std::result::Result<(), Stopped>,
) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    let rows = rows.next_multiple_of(TILE);
    // What a row depends on, above and below, is a row for each of the convolutions. Its rounding depends on the tile's other
    // rows too, and theirs on the tiles before: a tile for each.
    let halo = (g.config().layers + 2) * TILE;
    let mut strips = Vec::with_capacity(height.div_ceil(rows));
    for first in (0..height).step_by(rows) {
        let last = (first + rows).min(height);
        let (from, to) = (first.saturating_sub(halo), (last + halo).min(height));
        let strip = x.narrow(1, from, to - from)?.contiguous()?;
        let inputs = Inputs { noise: &[strip], sizes: &[(to - from, width)], amps: &[0.0] };
        strips.push(g.forward(inputs)?.narrow(1, first - from, last - first)?);
        progress()?;
    }
    Ok(Tensor::cat(&strips, 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::residual::net;
    use candle_core::Device;
    use model::first_weights;
    use train::streams;

    #[test]
    fn strips_are_the_whole_bit_by_bit() -> Result<()> {
        let stream = streams::generator_weights(3);
        let g = Generator::new(&net(3), 1, first_weights::generator(&net(3), stream, &Device::Cpu))?;
        for (height, width) in [(151, 23), (132, 9), (7, 31)] {
            let x = kernels::normal(stream, (0, 0), (height, width, 3), &Device::Cpu)?;
            let inputs = Inputs { noise: std::slice::from_ref(&x), sizes: &[(height, width)], amps: &[0.0] };
            let whole = g.forward(inputs)?.flatten_all()?.to_vec1::<f32>()?;
            assert!(whole.iter().any(|&v| v != whole[0]));
            for rows in [1, 6, 12, 30, 66, 150] {
                let strips =
                    forward_in_strips(&g, &x, rows, &mut || Ok(()))?.flatten_all()?.to_vec1::<f32>()?;
                assert!(strips == whole, "{height}x{width} in strips of {rows}");
            }
        }
        Ok(())
    }
}
