//! Weights in the order in which the convolution kernels read them, many filters in one launch.

use super::{Arg, Buffer, Grid, Queue, int};
use crate::precision::{Precision, precision};
use candle_core::{Result, Tensor};
use std::cell::RefCell;

/// As in `conv.cu`.
const ENTRIES: usize = 64;
const VALUES: usize = 1024;

/// A filter `[co, ci, taps]`.
pub(super) struct Filter {
    pub(super) pointer: u64,
    pub(super) co: usize,
    pub(super) ci: usize,
    pub(super) taps: usize,
}

/// Packed filters: each for the convolution, and behind it for the convolution's input gradient.
pub(super) struct Packed {
    buffer: Buffer,
    /// The first value of each filter, and how many it has.
    places: Vec<(usize, usize)>,
}

impl Packed {
    pub(super) fn new(queue: &Queue<'_>, filters: &[Filter]) -> Result<Self> {
        let mut places = Vec::with_capacity(filters.len());
        let mut total = 0;
        for f in filters {
            let n = f.co * f.ci * f.taps;
            // Kernels copy four values at a time: each half begins at a multiple of four.
            places.push((total, n.next_multiple_of(4)));
            total += 2 * n.next_multiple_of(4);
        }
        let packed = Packed { buffer: queue.alloc(total)?, places };
        for (begin, filters) in filters.chunks(ENTRIES).enumerate() {
            // The table as `conv.cu` lays it out, in words of eight bytes.
            let mut table = Vec::with_capacity(5 * ENTRIES);
            let mut blocks = 0;
            for (k, f) in filters.iter().enumerate() {
                let (n, k) = (f.co * f.ci * f.taps, begin * ENTRIES + k);
                int(n)?;
                table.extend([f.pointer, packed.address(k, false), packed.address(k, true)]);
                table.extend([f.co as u64 | (f.ci as u64) << 32, f.taps as u64 | (blocks as u64) << 32]);
                blocks += n.div_ceil(VALUES);
            }
            table.resize(5 * ENTRIES, 0);
            let rounded = Arg::I32((precision() == Precision::Tf32).into());
            let table = Arg::Table { words: &table, entry: 5, addresses: 3 };
            let args = [table, int(filters.len())?, rounded];
            queue.launch(("conv", "conv_pack"), Grid::blocks([blocks, 1, 1]), &args)?;
        }
        Ok(packed)
    }

    /// Where filter `k` stands.
    pub(super) fn address(&self, k: usize, transposed: bool) -> u64 {
        let (first, len) = self.places[k];
        self.buffer.pointer() + 4 * (first + if transposed { len } else { 0 }) as u64
    }
}

thread_local! {
    /// For each weight's address the packed filters' addresses, for the convolution and for its input gradient.
    static FOUND: RefCell<Vec<(u64, [u64; 2])>> = const { RefCell::new(Vec::new()) };
}

/// Where the weights at `pointer` stand packed, if they do.
pub(super) fn found(pointer: u64, transposed: bool) -> Option<u64> {
    FOUND.with_borrow(|all| all.iter().rev().find(|f| f.0 == pointer).map(|f| f.1[usize::from(transposed)]))
}

/// Weights that are packed for as long as this lives.
pub(crate) struct Kept {
    _packed: Packed,
    /// They must stay where they are.
    weights: Vec<Tensor>,
}

impl Kept {
    pub(super) fn new(queue: &Queue<'_>, weights: Vec<Tensor>) -> Result<Self> {
        let mut filters = Vec::with_capacity(weights.len());
        for w in &weights {
            let (co, ci, k, _) = w.dims4()?;
            filters.push(Filter { pointer: queue.operand(w)?.pointer, co, ci, taps: k * k });
        }
        let packed = Packed::new(queue, &filters)?;
        FOUND.with_borrow_mut(|all| {
            for (k, f) in filters.iter().enumerate() {
                all.push((f.pointer, [packed.address(k, false), packed.address(k, true)]));
            }
        });
        Ok(Kept { _packed: packed, weights })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Those that came last are this one's: what is kept is let go in the opposite order, as scopes are.
        FOUND.with_borrow_mut(|all| all.truncate(all.len().saturating_sub(self.weights.len())));
    }
}
