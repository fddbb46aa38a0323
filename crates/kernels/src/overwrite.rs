//! Overwriting a tensor, or a part of a batch, with another's values.

use crate::storage::{values, values_mut};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

/// Copies the values of `source` over those of `target`, which has the same shape and may be a part of a batch (a `narrow`
/// of its first axis). The two must not share storage.
pub fn overwrite(target: &Tensor, source: &Tensor) -> Result<()> {
    if target.shape() != source.shape() {
        bail!("overwrite: {:?} cannot take the values of {:?}", target.shape(), source.shape())
    }
    target.inplace_op2(source, &Overwrite)
}

struct Overwrite;

impl InplaceOp2 for Overwrite {
    fn name(&self) -> &'static str {
        "overwrite"
    }

    fn cpu_fwd(&self, t: &mut CpuStorage, lt: &Layout, s: &CpuStorage, ls: &Layout) -> Result<()> {
        values_mut(t, lt)?.copy_from_slice(values(s, ls)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn a_part_of_a_batch_is_overwritten_and_nothing_beside_it() -> Result<()> {
        let batch = Tensor::zeros((3, 2, 2), DType::F32, &Device::Cpu)?;
        let source = Tensor::new(&[[[1f32, 2.0], [3.0, 4.0]]], &Device::Cpu)?;
        overwrite(&batch.narrow(0, 1, 1)?, &source)?;
        let expected = [0., 0., 0., 0., 1., 2., 3., 4., 0., 0., 0., 0.];
        assert_eq!(batch.flatten_all()?.to_vec1::<f32>()?, expected);
        Ok(())
    }

    #[test]
    fn other_shapes_are_refused() -> Result<()> {
        let target = Tensor::zeros((2, 2), DType::F32, &Device::Cpu)?;
        let source = Tensor::zeros((4, 1), DType::F32, &Device::Cpu)?;
        assert!(overwrite(&target, &source).is_err());
        Ok(())
    }
}
