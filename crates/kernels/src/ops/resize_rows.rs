//! Some rows of a bicubic resize, for pictures that are too large to be computed at once.

use crate::storage::{filled, values};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
pub use cpu::resize::RowsOf;

/// Rows of `bicubic(x, of.to) + amp * plus`, or of `bicubic_wrapped`: `[1, of.rows, W, C]`, bit by bit. `x [1, h, w, C]` holds
/// the rows [`RowsOf::source`] of a source of `of.from` pixels, and `plus`, if given, has the shape of the result. On the CPU
/// only. Not differentiable.
///
/// # Errors
/// If a tensor is not f32 and contiguous or does not have the shape that `of` asks for, if a side is 0, or if the tensors are on
/// a GPU.
pub fn bicubic_rows(x: &Tensor, of: RowsOf, plus: Option<(&Tensor, f32)>) -> Result<Tensor> {
    let (n, h, w, c) = x.dims4()?;
    let source = of.source();
    if n != 1 || h as i64 != source.end - source.start || w != of.from.1 {
        bail!("bicubic_rows: {:?} are not the rows {source:?} of {:?}", x.dims(), of.from)
    }
    let sides = [of.from.0, of.from.1, of.to.0, of.to.1, of.rows.len(), c];
    if sides.contains(&0) || of.rows.end > of.to.0 {
        bail!("bicubic_rows: no rows {:?} of {:?} from {:?}", of.rows, of.to, of.from)
    }
    match plus {
        None => x.apply_op1_no_bwd(&BicubicRows { of, amp: 0.0 }),
        Some((plus, amp)) if plus.dims() == [1, of.rows.len(), of.to.1, c] => {
            x.apply_op2_no_bwd(plus, &BicubicRows { of, amp })
        }
        Some((plus, _)) => {
            bail!("bicubic_rows: cannot add {:?} to rows {:?} of {:?}", plus.dims(), of.rows, of.to)
        }
    }
}

struct BicubicRows {
    of: RowsOf,
    amp: f32,
}

impl BicubicRows {
    fn compute(&self, x: &[f32], c: usize, plus: Option<&[f32]>) -> (CpuStorage, Shape) {
        let (rows, width) = (self.of.rows.len(), self.of.to.1);
        let plus = plus.map(|plus| (plus, self.amp));
        let out = filled(rows * width * c, |out| cpu::resize::upsample_rows(&self.of, c, x, plus, out));
        (out, Shape::from((1, rows, width, c)))
    }
}

impl CustomOp1 for BicubicRows {
    fn name(&self) -> &'static str {
        "bicubic_rows"
    }

    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(self.compute(values(x, l)?, l.dims()[3], None))
    }
}

impl CustomOp2 for BicubicRows {
    fn name(&self) -> &'static str {
        "bicubic_rows"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        plus: &CpuStorage,
        lp: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(self.compute(values(x, lx)?, lx.dims()[3], Some(values(plus, lp)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Stream, Wrap, bicubic_plus, bicubic_wrapped, normal};
    use candle_core::Device;

    fn noise(shape: (usize, usize, usize)) -> Result<Tensor> {
        normal(Stream::new(3, [1, 2, 3], 0), (0, 0), shape, &Device::Cpu)
    }

    fn vector(x: &Tensor) -> Result<Vec<f32>> {
        x.flatten_all()?.to_vec1()
    }

    /// The rows of a source that goes around.
    fn around(x: &Tensor, range: std::ops::Range<i64>) -> Result<Tensor> {
        let h = x.dims()[1] as i64;
        let rows: Vec<u32> = range.map(|row| row.rem_euclid(h) as u32).collect();
        x.index_select(&Tensor::new(rows, &Device::Cpu)?, 1)
    }

    #[test]
    fn rows_are_those_of_the_whole_bit_by_bit() -> Result<()> {
        let (from, to) = ((11, 9), (17, 13));
        let (x, plus) = (noise((from.0, from.1, 5))?, noise((to.0, to.1, 5))?);
        for rows in [0..1, 0..17, 5..9, 16..17, 3..17] {
            let part = |x: &Tensor| x.narrow(1, rows.start, rows.len());
            let of = RowsOf { from, to, wrap: Wrap::default(), rows: rows.clone() };
            let with = Some((&part(&plus)?.contiguous()?, 0.3));
            let found = bicubic_rows(&around(&x, of.source())?, of, with)?;
            assert_eq!(vector(&found)?, vector(&part(&bicubic_plus(&x, to, &plus, 0.3)?)?)?, "{rows:?}");
            for wrap in [Wrap { rows: true, columns: false }, Wrap { rows: true, columns: true }] {
                let of = RowsOf { from, to, wrap, rows: rows.clone() };
                let found = bicubic_rows(&around(&x, of.source())?, of, None)?;
                assert_eq!(vector(&found)?, vector(&part(&bicubic_wrapped(&x, to, wrap)?)?)?, "{rows:?}");
            }
        }
        Ok(())
    }
}
