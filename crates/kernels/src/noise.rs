//! Counter-based random numbers: noise is a function of where it stands, not of what was drawn before.
//!
//! Every number comes from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) at the
//! counter (column, row, channel / 4, iteration), under a key derived from (seed, purpose, stage, level). Nothing has to be
//! stored to go on where a run stopped, threads do not matter, and any window of a picture's noise can be made alone.
//! Normal numbers are Box-Muller's, with a logarithm, sine and cosine of our own that use additions and
//! multiplications only, in one order: the same bits on every processor.

#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets, and values overwritten in place

use crate::map::blocks;
use crate::storage::{filled, values_mut};
use crate::widest::widest;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Tensor};
use std::mem::MaybeUninit;

/// What a random number is for; different purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Initial weights.
    Weights = 1,
    /// A stage's fixed noise, drawn once.
    FixedNoise = 2,
    /// The noise of a training iteration.
    Training = 3,
    /// The mixing factor of the gradient penalty.
    PenaltyAlpha = 4,
    /// The noise of samples.
    Sampling = 5,
    /// Random changes of a training input.
    Augmentation = 6,
    /// Whatever else an application draws.
    Other = 7,
}

/// Names a stream of numbers: a plane of (row, column, channel) for every iteration.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// The run's seed.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: Purpose,
    /// The stage that is trained or sampled.
    pub stage: u32,
    /// The stage that the noise enters, or another index within the purpose.
    pub level: u32,
    /// The training iteration, or the number of the sample.
    pub iteration: u32,
}

/// Standard normal noise `[1, H, W, C]` whose upper left corner is (row, column) `origin` of the stream's plane.
pub fn normal(
    stream: Stream,
    origin: (i64, i64),
    shape: (usize, usize, usize),
    device: &Device,
) -> Result<Tensor> {
    let (h, w, c) = shape;
    let CpuStorage::F32(values) = filled(h * w * c, |out| fill(stream, origin, (w, c), out)) else {
        unreachable!("filled makes f32 storage")
    };
    Tensor::from_vec(values, (1, h, w, c), device)
}

/// Overwrites `target [1, H, W, C]` (it may be a part of a batch) with the noise that [`normal`] returns at origin (0, 0).
pub fn fill_normal(target: &Tensor, stream: Stream) -> Result<()> {
    target.inplace_op1(&FillNormal(stream))
}

/// `count` numbers uniform in (0, 1): those of row 0, columns 0, 1, ..., channel 0.
pub fn uniform(stream: Stream, count: usize) -> Vec<f64> {
    let key = key(stream);
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
    let key = key(stream);
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

/// Numbers made side by side: one register of the widest instruction set.
const LANES: usize = 16;

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

/// Four normal numbers for each of `LANES` counters.
#[inline(always)]
fn normals(
    column: [u32; LANES],
    row: u32,
    group: [u32; LANES],
    iteration: u32,
    key: [u32; 2],
) -> [[f32; LANES]; 4] {
    let mut c = [column, [row; LANES], group, [iteration; LANES]];
    let mut k = key;
    for _ in 0..10 {
        let mut next = [[0u32; LANES]; 4];
        for i in 0..LANES {
            let r = round([c[0][i], c[1][i], c[2][i], c[3][i]], k);
            for j in 0..4 {
                next[j][i] = r[j];
            }
        }
        c = next;
        k = bump(k);
    }
    let mut out = [[0f32; LANES]; 4];
    for pair in 0..2 {
        for i in 0..LANES {
            let (a, b) = box_muller(c[2 * pair][i], c[2 * pair + 1][i]);
            out[2 * pair][i] = a;
            out[2 * pair + 1][i] = b;
        }
    }
    out
}

/// The stream's key: one Philox block under the seed.
fn key(stream: Stream) -> [u32; 2] {
    let seed = [stream.seed as u32, (stream.seed >> 32) as u32];
    let block = philox([stream.purpose as u32, stream.stage, stream.level, 0x6b65_7973], seed);
    [block[0], block[1]]
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        counter = round(counter, key);
        key = bump(key);
    }
    counter
}

#[inline(always)]
fn bump(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)]
}

#[inline(always)]
fn round(c: [u32; 4], k: [u32; 2]) -> [u32; 4] {
    let a = u64::from(c[0]) * 0xD251_1F53;
    let b = u64::from(c[2]) * 0xCD9E_8D57;
    [(b >> 32) as u32 ^ c[1] ^ k[0], b as u32, (a >> 32) as u32 ^ c[3] ^ k[1], a as u32]
}

/// 24 bits to (0, 1), symmetric, never an end.
fn unit(bits: u32) -> f64 {
    (f64::from(bits >> 8) + 0.5) / f64::from(1u32 << 24)
}

/// Two normal numbers from two random words; at most 5.77 in magnitude.
#[inline(always)]
fn box_muller(a: u32, b: u32) -> (f32, f32) {
    // 23 bits, so that the half survives rounding and 1 is never reached.
    let u = ((a >> 9) as f32 + 0.5) * (1.0 / 8_388_608.0);
    let radius = (-2.0 * ln(u)).sqrt();
    let (sin, cos) = sin_cos_turn((b >> 8) as f32 * (1.0 / 16_777_216.0));
    (radius * cos, radius * sin)
}

/// Natural logarithm of a normal number in (0, 1), to about 1e-7: exponent and mantissa apart, then the series of
/// `2 atanh((m - 1) / (m + 1))` for m in [sqrt(1/2), sqrt(2)).
#[inline(always)]
fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(0x3f35_04f3); // sqrt(1/2): the mantissa range is centred on 1
    let exponent = (shifted as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub((exponent as u32) << 23));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let series = 0.666_666_7 + z * (0.4 + z * (0.285_714_3 + z * (0.222_222_22 + z * 0.181_818_18)));
    exponent as f32 * std::f32::consts::LN_2 + (s * 2.0 + s * z * series)
}

/// Sine and cosine of `turn` full turns, `turn` in [0, 1): Taylor polynomials within an eighth of a turn.
#[inline(always)]
fn sin_cos_turn(turn: f32) -> (f32, f32) {
    let quadrant = (turn * 4.0 + 0.5) as i32;
    let angle = (turn - quadrant as f32 * 0.25) * std::f32::consts::TAU;
    let z = angle * angle;
    let sin =
        angle + angle * z * (-1.666_666_7e-1 + z * (8.333_333e-3 + z * (-1.984_127e-4 + z * 2.755_732e-6)));
    let cos = 1.0
        + z * (-0.5 + z * (4.166_666_8e-2 + z * (-1.388_888_9e-3 + z * (2.480_158_7e-5 - z * 2.755_732e-7))));
    let swap = quadrant & 1 != 0;
    let (s, c) = (if swap { cos } else { sin }, if swap { sin } else { cos });
    let s = if quadrant & 2 != 0 { -s } else { s };
    let c = if (quadrant + 1) & 2 != 0 { -c } else { c };
    (s, c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream { seed: 7, purpose: Purpose::Sampling, stage: 2, level: 1, iteration: 3 };

    #[test]
    fn philox_gives_the_authors_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(
            philox(pi, [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn logarithm_sine_and_cosine_are_those_of_the_library() {
        for i in 0..200_000u32 {
            let u = ((i * 41) as f32 + 0.5) / 8_388_608.0;
            let exact = f64::from(u).ln();
            assert!((f64::from(ln(u)) - exact).abs() < 2e-7 * exact.abs().max(1.0), "ln {u}");
            let turn = (i * 83) as f32 / 16_777_216.0;
            let angle = f64::from(turn) * std::f64::consts::TAU;
            let (s, c) = sin_cos_turn(turn);
            assert!(
                (f64::from(s) - angle.sin()).abs() < 3e-7 && (f64::from(c) - angle.cos()).abs() < 3e-7,
                "{turn}"
            );
        }
    }

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
            Stream { seed: 8, ..STREAM },
            Stream { seed: 7 << 32, ..STREAM },
            Stream { purpose: Purpose::Training, ..STREAM },
            Stream { stage: 1, ..STREAM },
            Stream { level: 2, ..STREAM },
            Stream { iteration: 4, ..STREAM },
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
