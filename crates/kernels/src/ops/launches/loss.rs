//! Launches of sums and losses. Each block computes a partial sum; a second launch adds the partial sums.

use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Operand, Queue, int};
use crate::ops::activation::{PreluSlopeGrad, same_shape};
use crate::ops::loss::{BatchMeans, Mse, Penalty};
use candle_core::{Result, Shape};

/// Number of blocks among which a sum of `n` values is divided: about two thousand values per block, and at
/// most 256 blocks, whose partial sums one block then adds in a single pass.
fn shares(n: usize) -> usize {
    n.div_ceil(2048).clamp(1, 256)
}

/// `to[i] = scale * sum(part[i])` for `count` sums, each of `parts` partial sums.
fn sum_parts(
    queue: &Queue<'_>,
    part: &Buffer,
    to: Arg<'_>,
    count: usize,
    parts: usize,
    scale: f64,
) -> Result<()> {
    let args = [part.arg(), to, int(parts)?, Arg::F64(scale)];
    queue.launch(("loss", "sum_parts"), Grid::blocks([count, 1, 1]), &args)
}

impl DeviceOp for BatchMeans {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let x = &operands[0];
        let n = x.layout.dims()[0];
        let each = x.len() / n;
        let (parts, out) = (shares(each), queue.alloc(n)?);
        let part = queue.alloc_f64(n * parts)?;
        let args = [x.arg(), part.arg(), Arg::I64(each as i64)];
        queue.launch(("loss", "sample_sums"), Grid::blocks([parts, n, 1]), &args)?;
        sum_parts(queue, &part, out.arg(), n, parts, 1.0 / each as f64)?;
        Ok((out, Shape::from(n)))
    }
}

impl DeviceOp for Mse {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let (y, target) = (&operands[0], &operands[1]);
        same_shape("mse", y.layout, target.layout)?;
        let n = y.len();
        let (parts, out, weight) = (shares(n), queue.alloc(n + 1)?, f64::from(self.weight));
        let part = queue.alloc_f64(parts)?;
        let scale = Arg::F32((2.0 * weight / n as f64) as f32);
        let args = [y.arg(), target.arg(), out.arg(), part.arg(), Arg::I64(n as i64), scale];
        queue.launch(("loss", "mse"), Grid::blocks([parts, 1, 1]), &args)?;
        sum_parts(queue, &part, out.at(n), 1, parts, weight / n as f64)?;
        Ok((out, Shape::from(n + 1)))
    }
}

impl DeviceOp for Penalty {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let g = &operands[0];
        let (n, c) = (g.len(), g.layout.dims()[3]);
        let pixels = n / c;
        let (parts, out) = (shares(pixels), queue.alloc(n + 1)?);
        let part = queue.alloc_f64(parts)?;
        let scale = Arg::F32(2.0 * self.lambda / pixels as f32);
        let args = [g.arg(), out.arg(), part.arg(), Arg::I64(pixels as i64), int(c)?, scale];
        queue.launch(("loss", "gradient_penalty"), Grid::blocks([parts, 1, 1]), &args)?;
        sum_parts(queue, &part, out.at(n), 1, parts, f64::from(self.lambda) / pixels as f64)?;
        Ok((out, Shape::from(n + 1)))
    }
}

impl DeviceOp for PreluSlopeGrad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        same_shape("prelu_slope_grad", operands[0].layout, operands[1].layout)?;
        same_shape("prelu_slope_grad", operands[0].layout, operands[2].layout)?;
        let n = operands[0].len();
        let (parts, out) = (shares(n), queue.alloc(1)?);
        let part = queue.alloc_f64(parts)?;
        let mut args: Vec<Arg<'_>> = operands.iter().map(Operand::arg).collect();
        args.extend([part.arg(), Arg::I64(n as i64)]);
        queue.launch(("loss", "prelu_slope_grad"), Grid::blocks([parts, 1, 1]), &args)?;
        sum_parts(queue, &part, out.arg(), 1, parts, 1.0)?;
        Ok((out, Shape::from(1)))
    }
}
