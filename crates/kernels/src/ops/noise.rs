//! Counter-based random numbers: a value depends on its position only, not on the values drawn before it.
//!
//! Every number comes from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
//! 2011) at the counter (column, row, channel / 4, iteration), with a key derived from the stream's seed and
//! name. A run can therefore be resumed without stored generator state, the number of threads does not
//! matter, and any window of a noise plane can be computed on its own.
//!
//! Normal numbers come from the Box-Muller transform. Its logarithm, sine and cosine are implemented with
//! additions, multiplications and divisions in a fixed order, which gives the same bits on every CPU. A GPU
//! fuses multiplications with additions, and its values differ by about 1e-7.

#![allow(unsafe_code)] // initialised values are overwritten in place as uninitialised ones

#[cfg(any(feature = "cuda", feature = "emulate"))]
use crate::gpu;
use crate::storage::{filled, values_mut};
#[cfg(any(feature = "cuda", feature = "emulate"))]
use candle_core::DType;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Tensor};
use cpu::noise::Window;
use cpu::philox::philox;
use std::mem::MaybeUninit;

/// Identifies a stream of random numbers: for every iteration, one plane indexed by (row, column, channel).
///
/// Streams with different seeds or names are independent. The meaning of the three numbers of a name is up to
/// the caller; this crate only derives a key from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    seed: u64,
    name: [u32; 3],
    pub(crate) iteration: u32,
}

/// Standard normal noise `[1, H, W, C]` for `shape = (H, W, C)`. Its upper left corner is at (row, column)
/// `origin` of the stream's plane, in pixels; both may be negative.
///
/// # Errors
/// If the GPU fails or a size exceeds `i32::MAX` there.
pub fn normal(
    stream: Stream,
    origin: (i64, i64),
    shape: (usize, usize, usize),
    device: &Device,
) -> Result<Tensor> {
    let (h, w, c) = shape;
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        if gpu::takes(device) {
            let values = Tensor::zeros((1, h, w, c), DType::F32, device)?;
            launch_fill_normal(&values, stream, origin)?;
            return Ok(values);
        }
    }
    let CpuStorage::F32(values) = filled(h * w * c, |out| stream.window(origin, (w, c)).fill(out)) else {
        unreachable!("filled makes f32 storage")
    };
    Tensor::from_vec(values, (1, h, w, c), device)
}

/// Overwrites `target [1, H, W, C]` (it may be one sample of a batch) with the noise that [`normal`] returns
/// for origin (0, 0).
///
/// # Errors
/// If `target` does not have four axes or is not f32 and contiguous, or if the GPU fails.
pub fn fill_normal(target: &Tensor, stream: Stream) -> Result<()> {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        if gpu::takes(target.device()) {
            return launch_fill_normal(target, stream, (0, 0));
        }
    }
    target.inplace_op1(&FillNormal(stream))
}

/// `count` numbers, uniform in (0, 1): the values at row 0, columns 0 to `count - 1`, channel 0 of the
/// stream's plane.
pub fn uniform(stream: Stream, count: usize) -> Vec<f64> {
    cpu::noise::uniform(stream.key(), stream.iteration, count)
}

/// [`fill_normal`] on a GPU, where the upper left corner of `target` is at (row, column) `origin` of the
/// stream's plane.
#[cfg(any(feature = "cuda", feature = "emulate"))]
fn launch_fill_normal(target: &Tensor, stream: Stream, origin: (i64, i64)) -> Result<()> {
    let (_, h, w, c) = target.dims4()?;
    let (queue, [k0, k1]) = (gpu::queue(target.device())?, stream.key());
    queue.launch(
        ("noise", "fill_normal"),
        gpu::Grid::values(h * w * c.div_ceil(4)),
        &[
            queue.operand(target)?.arg(),
            gpu::Arg::I64((h * w) as i64),
            gpu::int(w)?,
            gpu::int(c)?,
            gpu::Arg::U32(origin.0 as u32),
            gpu::Arg::U32(origin.1 as u32),
            gpu::Arg::U32(stream.iteration),
            gpu::Arg::U32(k0),
            gpu::Arg::U32(k1),
        ],
    )
}

struct FillNormal(Stream);

impl InplaceOp1 for FillNormal {
    fn name(&self) -> &'static str {
        "fill_normal"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, l: &Layout) -> Result<()> {
        let (_, _, w, c) = l.shape().dims4()?;
        let values = values_mut(storage, l)?;
        // SAFETY: initialised values may be overwritten as if they were not; nothing uninitialised is ever
        // written.
        let out = unsafe { &mut *(values as *mut [f32] as *mut [MaybeUninit<f32>]) };
        self.0.window((0, 0), (w, c)).fill(out);
        Ok(())
    }
}

impl Stream {
    /// The stream with this seed and name at an iteration.
    pub const fn new(seed: u64, name: [u32; 3], iteration: u32) -> Self {
        Self { seed, name, iteration }
    }

    /// The same stream at another iteration.
    pub const fn at(self, iteration: u32) -> Self {
        Self { iteration, ..self }
    }

    /// The window of `w` columns and `c` channels whose upper left corner is at (row, column) `origin`.
    fn window(self, origin: (i64, i64), (w, c): (usize, usize)) -> Window {
        Window { key: self.key(), iteration: self.iteration, origin, columns: w, channels: c }
    }

    /// The Philox key of the stream: the first half of the Philox block of its name, with the seed as key.
    pub(crate) fn key(self) -> [u32; 2] {
        let seed = [self.seed as u32, (self.seed >> 32) as u32];
        let [a, b, c] = self.name;
        let block = philox([a, b, c, 0x6b65_7973], seed);
        [block[0], block[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream::new(7, [5, 2, 1], 3);

    #[test]
    fn a_window_is_a_part_of_the_whole() -> Result<()> {
        let whole = normal(STREAM, (0, 0), (9, 40, 6), &Device::Cpu)?;
        let window = normal(STREAM, (3, 5), (4, 7, 6), &Device::Cpu)?;
        let part = whole.narrow(1, 3, 4)?.narrow(2, 5, 7)?.flatten_all()?.to_vec1::<f32>()?;
        assert_eq!(window.flatten_all()?.to_vec1::<f32>()?, part);
        Ok(())
    }

    #[test]
    fn moments_are_those_of_the_normal_distribution() -> Result<()> {
        let v = normal(STREAM, (0, 0), (200, 200, 5), &Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
        let moment = |k: i32| v.iter().map(|&x| f64::from(x).powi(k)).sum::<f64>() / v.len() as f64;
        for (k, expected, allowed) in [(1, 0.0, 0.01), (2, 1.0, 0.01), (3, 0.0, 0.03), (4, 3.0, 0.06)] {
            assert!((moment(k) - expected).abs() < allowed, "moment {k}: {}", moment(k));
        }
        let neighbours = v.windows(2).map(|p| f64::from(p[0] * p[1])).sum::<f64>() / v.len() as f64;
        assert!(neighbours.abs() < 0.01, "neighbours correlate: {neighbours}");
        Ok(())
    }

    #[test]
    fn every_part_of_the_name_matters() -> Result<()> {
        let first = |s: Stream| normal(s, (0, 0), (1, 1, 1), &Device::Cpu)?.flatten_all()?.to_vec1::<f32>();
        let base = first(STREAM)?;
        for other in [
            Stream::new(8, [5, 2, 1], 3),
            Stream::new(7 << 32, [5, 2, 1], 3),
            Stream::new(7, [3, 2, 1], 3),
            Stream::new(7, [5, 1, 1], 3),
            Stream::new(7, [5, 2, 2], 3),
            STREAM.at(4),
        ] {
            assert_ne!(first(other)?, base, "{other:?}");
        }
        Ok(())
    }
}
