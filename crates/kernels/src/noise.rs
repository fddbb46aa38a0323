//! Counter-based random numbers: noise is a function of where it stands, not of what was drawn before.
//!
//! Every number comes from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) at the
//! counter (column, row, channel / 4, iteration), under a key derived from the stream's seed and name. Nothing has to be
//! stored to go on where a run stopped, threads do not matter, and any window of a picture's noise can be made alone.
//! Normal numbers are Box-Muller's, with a logarithm, sine and cosine of our own that use additions and
//! multiplications only, in one order: the same bits on every processor (a card fuses
//! multiplications with additions, and differs by 1e-7).

#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets, and values overwritten in place

use crate::map::blocks;
use crate::philox::{LANES, normals, philox, unit};
use crate::storage::{filled, values_mut};
use crate::widest::widest;
#[cfg(any(feature = "cuda", feature = "emulate"))]
use candle_core::DType;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Tensor};
use std::mem::MaybeUninit;

/// Names a stream of numbers: a plane of (row, column, channel) for every iteration.
///
/// Streams whose seeds or names differ share no numbers. What a name stands for is the caller's business: here it is a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    seed: u64,
    name: [u32; 3],
    pub(crate) iteration: u32,
}

/// Standard normal noise `[1, H, W, C]` whose upper left corner is (row, column) `origin` of the stream's plane.
pub fn normal(
    stream: Stream,
    origin: (i64, i64),
    shape: (usize, usize, usize),
    device: &Device,
) -> Result<Tensor> {
    let (h, w, c) = shape;
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        if crate::device::takes(device) {
            let values = Tensor::zeros((1, h, w, c), DType::F32, device)?;
            crate::device::fill_normal(&values, stream, origin)?;
            return Ok(values);
        }
    }
    let CpuStorage::F32(values) = filled(h * w * c, |out| fill(stream, origin, (w, c), out)) else {
        unreachable!("filled makes f32 storage")
    };
    Tensor::from_vec(values, (1, h, w, c), device)
}

/// Overwrites `target [1, H, W, C]` (it may be a part of a batch) with the noise that [`normal`] returns at origin (0, 0).
pub fn fill_normal(target: &Tensor, stream: Stream) -> Result<()> {
    #[cfg(any(feature = "cuda", feature = "emulate"))]
    {
        if crate::device::takes(target.device()) {
            return crate::device::fill_normal(target, stream, (0, 0));
        }
    }
    target.inplace_op1(&FillNormal(stream))
}

/// `count` numbers uniform in (0, 1): those of row 0, columns 0, 1, ..., channel 0.
pub fn uniform(stream: Stream, count: usize) -> Vec<f64> {
    let key = stream.key();
    (0..count).map(|i| unit(philox([i as u32, 0, 0, stream.iteration], key)[0])).collect()
}

struct FillNormal(Stream);

impl InplaceOp1 for FillNormal {
    fn name(&self) -> &'static str {
        "fill_normal"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, l: &Layout) -> Result<()> {
        let (_, _, w, c) = l.shape().dims4()?;
        let values = values_mut(storage, l)?;
        // SAFETY: initialised values may be overwritten as if they were not; nothing uninitialised is ever written.
        let out = unsafe { &mut *(values as *mut [f32] as *mut [MaybeUninit<f32>]) };
        fill(self.0, (0, 0), (w, c), out);
        Ok(())
    }
}

fn fill(stream: Stream, origin: (i64, i64), (w, c): (usize, usize), out: &mut [MaybeUninit<f32>]) {
    let key = stream.key();
    blocks(out, w * c, |row, out| {
        let row = (origin.0 + row as i64) as u32;
        fill_row(Row { key, row, column: origin.1 as u32, iteration: stream.iteration, channels: c }, out);
    });
}

#[derive(Clone, Copy)]
struct Row {
    key: [u32; 2],
    row: u32,
    column: u32,
    iteration: u32,
    channels: usize,
}

widest! {
    /// A row's noise. Its arithmetic has no freedom, so neither have its bits.
    fn fill_row(row: Row, out: &mut [MaybeUninit<f32>]) = fill_row_with
}

#[inline(always)]
fn fill_row_with(row: Row, out: &mut [MaybeUninit<f32>]) {
    let c = row.channels;
    let groups = c.div_ceil(4);
    let total = out.len() / c * groups;
    let (mut columns, mut channel_groups) = ([0u32; LANES], [0u32; LANES]);
    for first in (0..total).step_by(LANES) {
        let (mut column, mut group) = (first / groups, first % groups);
        for (lane, channel_group) in columns.iter_mut().zip(&mut channel_groups) {
            *lane = row.column.wrapping_add(column as u32);
            *channel_group = group as u32;
            group += 1;
            if group == groups {
                (column, group) = (column + 1, 0);
            }
        }
        let numbers = normals(columns, row.row, channel_groups, row.iteration, row.key);
        let (mut column, mut group) = (first / groups, first % groups);
        for i in 0..LANES.min(total - first) {
            let at = column * c + group * 4;
            let count = (c - group * 4).min(4);
            for (o, n) in out[at..at + count].iter_mut().zip(&numbers) {
                o.write(n[i]);
            }
            group += 1;
            if group == groups {
                (column, group) = (column + 1, 0);
            }
        }
    }
}

impl Stream {
    /// The stream of this seed and name, at an iteration.
    pub const fn new(seed: u64, name: [u32; 3], iteration: u32) -> Self {
        Self { seed, name, iteration }
    }

    /// The same stream at another iteration.
    pub const fn at(self, iteration: u32) -> Self {
        Self { iteration, ..self }
    }

    /// The key of its numbers: one Philox block under the seed.
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

    #[test]
    fn every_instruction_set_makes_the_same_bits() {
        let row = Row { key: [1, 2], row: 5, column: 9, iteration: 2, channels: 7 };
        let make = |f: &dyn Fn(&mut [MaybeUninit<f32>])| {
            let CpuStorage::F32(v) = filled(7 * 33, |out| f(out)) else { unreachable!() };
            v.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(make(&|out| fill_row(row, out)), make(&|out| fill_row_with(row, out)));
    }
}
