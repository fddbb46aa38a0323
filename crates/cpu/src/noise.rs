//! Counter-based noise: a value depends only on the key and on its position, through the Philox counter
//! (column, row, channel / 4, iteration).
//!
//! A run can be resumed without stored generator state, the number of threads does not matter, and any window
//! of a plane can be computed on its own.
#![allow(unsafe_code)] // versions of one loop compiled for newer instruction sets

use crate::blocks::blocks;
use crate::philox::{LANES, normals, philox, unit};
use crate::widest::widest;
use std::mem::MaybeUninit;

/// A window of a plane of standard normal numbers.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The Philox key of the plane.
    pub key: [u32; 2],
    /// The iteration; each has a plane of its own.
    pub iteration: u32,
    /// Row and column of the window's upper left corner in the plane.
    pub origin: (i64, i64),
    /// Number of columns of the window.
    pub columns: usize,
    /// Number of channels of the plane.
    pub channels: usize,
}

impl Window {
    /// Fills `out`, rows x columns x channels. Its length gives the number of rows.
    pub fn fill(self, out: &mut [MaybeUninit<f32>]) {
        let Self { key, iteration, origin, columns, channels } = self;
        blocks(out, columns * channels, |row, out| {
            let row = (origin.0 + row as i64) as u32;
            fill_row(Row { key, row, column: origin.1 as u32, iteration, channels }, out);
        });
    }
}

/// `count` numbers, uniform in (0, 1): the values at row 0, columns 0 to `count - 1`, channel 0 of the plane.
pub fn uniform(key: [u32; 2], iteration: u32, count: usize) -> Vec<f64> {
    (0..count).map(|i| unit(philox([i as u32, 0, 0, iteration], key)[0])).collect()
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
    /// Computes one row of noise. The order of all operations is fixed, so every version computes the same
    /// bits.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_makes_the_same_bits() {
        let row = Row { key: [1, 2], row: 5, column: 9, iteration: 2, channels: 7 };
        let make = |f: &dyn Fn(&mut [MaybeUninit<f32>])| {
            let mut out = vec![MaybeUninit::new(f32::NAN); 7 * 33];
            f(&mut out);
            // SAFETY: all values were initialised when the vector was made.
            out.into_iter().map(|v| unsafe { v.assume_init() }.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(make(&|out| fill_row(row, out)), make(&|out| fill_row_with(row, out)));
    }
}
