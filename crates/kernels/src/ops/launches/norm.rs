//! Launches of the normalisation.

use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Operand, Queue, int};
use crate::ops::norm::{Apply, Grad, Stats};
use candle_core::{Result, Shape, bail};

/// Number of blocks among which the pixels of a sample are divided.
fn shares(pixels: usize) -> usize {
    pixels.div_ceil(256).clamp(1, 32)
}

/// A grid over (share of the pixels, sample, group of 64 channels).
fn grid(shares: usize, n: usize, c: usize) -> Grid {
    Grid::blocks([shares, n, c.div_ceil(64)])
}

impl DeviceOp for Stats {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let (z, weight) = (&operands[0], &operands[1]);
        let (n, h, w, c) = z.layout.shape().dims4()?;
        if weight.len() != c {
            bail!("norm: {} weights for {c} channels", weight.len())
        }
        let shares = shares(h * w);
        let (pixels, channels, count) = (int(h * w)?, int(c)?, int(shares)?);
        let part = queue.alloc_f64(n * shares * 2 * c)?;
        let (means, stats) = (queue.alloc_f64(n * c)?, queue.alloc(n * 3 * c)?);
        let each = Grid::blocks([n, 1, 1]);
        queue.launch(("norm", "norm_sums"), grid(shares, n, c), &[z.arg(), part.arg(), pixels, channels])?;
        let args = [part.arg(), means.arg(), stats.arg(), count, pixels, channels];
        queue.launch(("norm", "norm_finish_mean"), each, &args)?;
        let args = [z.arg(), means.arg(), part.arg(), pixels, channels];
        queue.launch(("norm", "norm_squares"), grid(shares, n, c), &args)?;
        let args = [part.arg(), weight.arg(), stats.arg(), count, pixels, channels];
        queue.launch(("norm", "norm_finish_deviation"), each, &args)?;
        Ok((stats, Shape::from((n, 3, c))))
    }
}

impl DeviceOp for Apply {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let [z, stats, bias] = operands else { bail!("norm takes three operands") };
        let (_, h, w, c) = z.layout.shape().dims4()?;
        let (n, out) = (z.len(), queue.alloc(z.len())?);
        let (each, all) = (Arg::I64((h * w * c) as i64), Arg::I64(n as i64));
        let args = [z.arg(), stats.arg(), bias.arg(), out.arg(), each, all, int(c)?];
        queue.launch(("norm", "norm_apply"), Grid::values(n), &args)?;
        Ok((out, z.layout.shape().clone()))
    }
}

impl DeviceOp for Grad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let [z, stats, g] = operands else { bail!("norm_grad takes three operands") };
        crate::ops::activation::same_shape("norm_grad", z.layout, g.layout)?;
        let (n, h, w, c) = z.layout.shape().dims4()?;
        let (shares, len) = (shares(h * w), z.len());
        let (pixels, channels, count) = (int(h * w)?, int(c)?, int(shares)?);
        let part = queue.alloc_f64(n * shares * 2 * c)?;
        let (sums, out) = (queue.alloc(n * 2 * c)?, queue.alloc(len + 2 * c)?);
        let args = [z.arg(), stats.arg(), g.arg(), part.arg(), pixels, channels];
        queue.launch(("norm", "norm_grad_sums"), grid(shares, n, c), &args)?;
        let args = [part.arg(), sums.arg(), out.at(len), out.at(len + c), int(n)?, count, pixels, channels];
        queue.launch(("norm", "norm_grad_finish"), Grid::blocks([1, 1, 1]), &args)?;
        let (each, all) = (Arg::I64((h * w * c) as i64), Arg::I64(len as i64));
        let args = [z.arg(), stats.arg(), g.arg(), sums.arg(), out.arg(), each, all, channels];
        queue.launch(("norm", "norm_grad"), Grid::values(len), &args)?;
        Ok((out, Shape::from(len + 2 * c)))
    }
}
