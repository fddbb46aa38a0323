//! Launches of the operations that work value by value.

use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Operand, Queue};
use crate::ops::activation::{
    Activate, Activation, ActivationGrad, NegativeProduct, Prelu, PreluGrad, same_shape,
};
use crate::ops::loss::{Constant, Mix};
use candle_core::{Result, Shape};

/// Launches a kernel whose arguments are the pointers of the operands, that of the result, the number of
/// values, and then `more`.
fn each_value(
    queue: &Queue<'_>,
    kernel: &'static str,
    operands: &[Operand<'_>],
    more: &[Arg<'_>],
) -> Result<(Buffer, Shape)> {
    let n = operands[0].len();
    let out = queue.alloc(n)?;
    let mut args: Vec<Arg<'_>> = operands.iter().map(Operand::arg).collect();
    args.extend([out.arg(), Arg::I64(n as i64)]);
    args.extend_from_slice(more);
    queue.launch(("pointwise", kernel), Grid::values(n), &args)?;
    Ok((out, operands[0].layout.shape().clone()))
}

/// The number of the activation in `pointwise.cu`, and its slope.
fn kind(activation: Activation) -> [Arg<'static>; 2] {
    let (kind, slope) = match activation {
        Activation::LeakyRelu(slope) => (0, slope),
        Activation::Elu => (1, 0.0),
        Activation::Selu => (2, 0.0),
        Activation::Tanh => (3, 0.0),
    };
    [Arg::I32(kind), Arg::F32(slope)]
}

impl DeviceOp for Activate {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        each_value(queue, "activate", operands, &kind(self.0))
    }
}

impl DeviceOp for ActivationGrad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        same_shape("activation_grad", operands[0].layout, operands[1].layout)?;
        each_value(queue, "activation_grad", operands, &kind(self.0))
    }
}

impl DeviceOp for NegativeProduct {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        same_shape("negative_product", operands[0].layout, operands[1].layout)?;
        same_shape("negative_product", operands[0].layout, operands[2].layout)?;
        each_value(queue, "negative_product", operands, &[])
    }
}

impl DeviceOp for Prelu {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        each_value(queue, "prelu", operands, &[])
    }
}

impl DeviceOp for PreluGrad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        same_shape("prelu_grad", operands[0].layout, operands[1].layout)?;
        each_value(queue, "prelu_grad", operands, &[])
    }
}

impl DeviceOp for Mix {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        same_shape("mix", operands[0].layout, operands[1].layout)?;
        each_value(queue, "mix", operands, &[])
    }
}

impl DeviceOp for Constant {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let (n, samples) = (operands[0].len(), self.0.len());
        let out = queue.alloc(n)?;
        let mut args = vec![out.arg(), Arg::I64((n / samples) as i64), Arg::I64(n as i64)];
        args.extend((0..3).map(|i| Arg::F32(self.0.get(i).copied().unwrap_or(0.0))));
        queue.launch(("pointwise", "constant"), Grid::values(n), &args)?;
        Ok((out, operands[0].layout.shape().clone()))
    }
}
