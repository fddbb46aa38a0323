//! Launches of the bicubic resize and its transpose.

use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Operand, Queue, int};
use crate::ops::resize::{Bicubic, BicubicGrad, BicubicPlus, BicubicWrapped, Wrap};
use candle_core::{Result, Shape, bail};

/// Columns of the result that each block computes; must equal the constant in `resize.cu`.
const COLUMNS: usize = 32;

fn up(
    queue: &Queue<'_>,
    x: &Operand<'_>,
    (oh, ow): (usize, usize),
    wrap: Wrap,
    plus: Option<(&Operand<'_>, f32)>,
) -> Result<(Buffer, Shape)> {
    let (n, h, w, c) = x.layout.shape().dims4()?;
    if h == 0 || w == 0 || oh == 0 || ow == 0 {
        bail!("bicubic: cannot resize {h}x{w} to {oh}x{ow}")
    }
    if plus.is_some_and(|(z, _)| z.layout.dims() != [n, oh, ow, c]) {
        bail!("bicubic_plus: what is added must have shape {:?}", [n, oh, ow, c])
    }
    let out = queue.alloc(n * oh * ow * c)?;
    let (added, amp) = plus.map_or((Arg::NULL, 0.0), |(z, amp)| (z.arg(), amp));
    let mut args = vec![x.arg(), added, out.arg()];
    for size in [h, w, oh, ow, c] {
        args.push(int(size)?);
    }
    args.extend([Arg::I32(wrap.rows.into()), Arg::I32(wrap.columns.into()), Arg::F32(amp)]);
    queue.launch(("resize", "bicubic"), Grid::blocks([ow.div_ceil(COLUMNS), oh, n]), &args)?;
    Ok((out, Shape::from((n, oh, ow, c))))
}

impl DeviceOp for Bicubic {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        up(queue, &operands[0], self.size, Wrap::default(), None)
    }
}

impl DeviceOp for BicubicWrapped {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        up(queue, &operands[0], self.size, self.wrap, None)
    }
}

impl DeviceOp for BicubicPlus {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        up(queue, &operands[0], self.size, Wrap::default(), Some((&operands[1], self.amp)))
    }
}

impl DeviceOp for BicubicGrad {
    /// With one operand this computes its gradient; with two operands the second is added to the result.
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let (g, (h, w)) = (&operands[0], self.size);
        let (n, oh, ow, c) = g.layout.shape().dims4()?;
        if h == 0 || w == 0 {
            bail!("bicubic_grad: the picture must not be empty, its size is {h}x{w}")
        }
        let plus = operands.get(1);
        if plus.is_some_and(|p| p.layout.dims() != [n, h, w, c]) {
            bail!("bicubic_grad_plus: what is added must have shape {:?}", [n, h, w, c])
        }
        let (rows, out) = (queue.alloc(n * h * ow * c)?, queue.alloc(n * h * w * c)?);
        queue.launch(
            ("resize", "bicubic_grad_rows"),
            Grid::blocks([(ow * c).div_ceil(256), h, n]),
            &[g.arg(), rows.arg(), int(h)?, int(oh)?, int(ow * c)?],
        )?;
        queue.launch(
            ("resize", "bicubic_grad_columns"),
            Grid::blocks([(n * h * c).div_ceil(256), w, 1]),
            &[
                rows.arg(),
                plus.map_or(Arg::NULL, Operand::arg),
                out.arg(),
                int(n * h)?,
                int(w)?,
                int(ow)?,
                int(c)?,
            ],
        )?;
        Ok((out, Shape::from((n, h, w, c))))
    }
}
