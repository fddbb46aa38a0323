//! Launches of the convolution and its input gradient.

use super::choice;
use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Operand, Queue, int, pack};
use crate::ops::conv::{Conv, Conv2d, ConvBias, ConvMasked, Direction, conv_shape};
use candle_core::{Result, Shape, bail};

/// What happens to a convolution's result before it is stored.
#[derive(Default)]
struct Epilogue<'a> {
    bias: Option<&'a Operand<'a>>,
    by: Option<&'a Operand<'a>>,
    leaky: bool,
    slope: f32,
}

fn launch(
    queue: &Queue<'_>,
    x: &Operand<'_>,
    w: &Operand<'_>,
    conv: Conv2d,
    direction: Direction,
    epilogue: Epilogue<'_>,
) -> Result<(Buffer, Shape)> {
    let (s, out) = conv_shape(x.layout, w.layout, conv.pad, direction)?;
    let Epilogue { bias, by, leaky, slope } = epilogue;
    if let Some(bias) = bias.filter(|b| b.layout.dims() != [s.co]) {
        bail!("conv2d: bias {:?} for {} channels", bias.layout.dims(), s.co)
    }
    if let Some(by) = by.filter(|b| b.layout.dims() != out) {
        bail!("conv2d_masked: the mask is {:?}, the result {out:?}", by.layout.dims())
    }
    let (taps, pixels) = (s.k * s.k, out[0] * out[1] * out[2]);
    let transposed = direction == Direction::Backward;
    let (co, ci) = if transposed { (s.ci, s.co) } else { (s.co, s.ci) };
    // The weights are either kept packed already or packed here for this launch; `_once` keeps the latter
    // alive until the launch is queued.
    let (packed, _once) = match pack::found(w.pointer, transposed, conv.precision) {
        Some(pointer) => (Arg::Pointer(pointer), None),
        None => {
            let filter = pack::Filter { pointer: w.pointer, co, ci, taps };
            let once = pack::Packed::new(queue, &[filter], conv.precision)?;
            (Arg::Pointer(once.address(0, transposed)), Some(once))
        }
    };

    let y = queue.alloc(pixels * s.co)?;
    let (kernel, grid) = choice::conv(&s, out, queue.limits()?, conv.precision);
    let address = |o: Option<&Operand<'_>>| o.map_or(Arg::NULL, Operand::arg);
    let mut args = vec![x.arg(), packed, address(bias), address(by), y.arg()];
    for size in [s.n, s.h, s.w, s.ci, s.co, s.k, s.pad, out[1], out[2]] {
        args.push(int(size)?);
    }
    // The kernels index the values of input and result with 32 bits, and a patch may begin up to one border
    // outside the picture.
    int(s.n * (s.h + 2 * s.k) * (s.w + 2 * s.k) * s.ci)?;
    int(pixels * s.co)?;
    args.extend([Arg::I32(leaky.into()), Arg::F32(slope)]);
    let flops = 2 * (pixels * s.ci * s.co * taps) as u64;
    queue.launch(kernel, Grid { flops, ..grid }, &args)?;
    Ok((y, Shape::from(out.to_vec())))
}

impl DeviceOp for Conv {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        launch(queue, &operands[0], &operands[1], self.conv, self.direction, Epilogue::default())
    }
}

impl DeviceOp for ConvBias {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let [x, w, bias] = operands else { bail!("conv2d_bias takes three operands") };
        let (leaky, slope) = (self.slope.is_some(), self.slope.unwrap_or(0.0));
        let epilogue = Epilogue { bias: Some(bias), leaky, slope, by: None };
        launch(queue, x, w, self.conv, Direction::Forward, epilogue)
    }
}

impl DeviceOp for ConvMasked {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let [x, w, by] = operands else { bail!("conv2d_masked takes three operands") };
        let epilogue = Epilogue { by: Some(by), slope: self.slope, ..Epilogue::default() };
        launch(queue, x, w, self.conv, self.direction, epilogue)
    }
}
