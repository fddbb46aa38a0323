//! Launches of zero padding and cropping.

use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Operand, Queue, int};
use crate::ops::border::{Crop, Pad};
use candle_core::{Result, Shape};

impl DeviceOp for Pad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let (x, out) = (&operands[0], self.shape(operands[0].layout)?);
        let (_, h, w, c) = x.layout.shape().dims4()?;
        let n: usize = out.iter().product();
        let y = queue.alloc(n)?;
        let args = [x.arg(), y.arg(), int(h)?, int(w)?, int(c)?, int(self.p)?, Arg::I64(n as i64)];
        queue.launch(("pointwise", "pad"), Grid::values(n), &args)?;
        Ok((y, Shape::from(out.to_vec())))
    }
}

impl DeviceOp for Crop {
    /// With one operand this crops it; with two operands the second is added to the result.
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let (x, plus) = (&operands[0], operands.get(1));
        let out = self.shape(x.layout, plus.map(|p| p.layout))?;
        let (n, [_, oh, ow, c]) = (out.iter().product::<usize>(), out);
        let y = queue.alloc(n)?;
        let plus = plus.map_or(Arg::NULL, Operand::arg);
        let (size, all) = ([int(oh)?, int(ow)?, int(c)?, int(self.p)?], Arg::I64(n as i64));
        let args = [x.arg(), plus, y.arg(), size[0], size[1], size[2], size[3], all];
        queue.launch(("pointwise", "crop"), Grid::values(n), &args)?;
        Ok((y, Shape::from(out.to_vec())))
    }
}
