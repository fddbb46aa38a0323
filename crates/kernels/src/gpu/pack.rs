//! Packs convolution weights into the memory order that the convolution kernels read, many filters in one
//! launch.

use super::{Arg, Buffer, Grid, Queue, int};
use crate::precision::Precision;
use candle_core::{Result, Tensor};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Filters per launch; must equal the constant in `conv.cu`.
const ENTRIES: usize = 64;
/// Values of a filter that a block packs; must equal the constant in `conv.cu`.
const VALUES: usize = 1024;

/// An unpacked filter `[co, ci, taps]`.
pub(crate) struct Filter {
    pub(crate) pointer: u64,
    pub(crate) co: usize,
    pub(crate) ci: usize,
    pub(crate) taps: usize,
}

/// Packed filters: each is stored in the order for the convolution, followed by the order for its input
/// gradient.
pub(crate) struct Packed {
    buffer: Buffer,
    /// For each filter the index of its first value, and the length of each of its two halves.
    places: Vec<(usize, usize)>,
}

impl Packed {
    pub(crate) fn new(queue: &Queue<'_>, filters: &[Filter], precision: Precision) -> Result<Self> {
        let mut places = Vec::with_capacity(filters.len());
        let mut total = 0;
        for f in filters {
            let n = f.co * f.ci * f.taps;
            // Kernels copy four values at a time, so each half begins at a multiple of four.
            places.push((total, n.next_multiple_of(4)));
            total += 2 * n.next_multiple_of(4);
        }
        let packed = Packed { buffer: queue.alloc(total)?, places };
        for (begin, filters) in filters.chunks(ENTRIES).enumerate() {
            // The table has the layout of the struct in `conv.cu`, in words of eight bytes.
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
            let rounded = Arg::I32((precision == Precision::Tf32).into());
            let table = Arg::Table { words: &table, entry: 5, addresses: 3 };
            let args = [table, int(filters.len())?, rounded];
            queue.launch(("conv", "conv_pack"), Grid::blocks([blocks, 1, 1]), &args)?;
        }
        Ok(packed)
    }

    /// The address of filter `k`; with `transposed`, in the order for the input gradient.
    pub(crate) fn address(&self, k: usize, transposed: bool) -> u64 {
        let (first, len) = self.places[k];
        self.buffer.pointer() + 4 * (first + if transposed { len } else { 0 }) as u64
    }
}

thread_local! {
    /// The registry: filters that this thread keeps packed.
    static KEPT: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
    static NEXT_TOKEN: Cell<u64> = const { Cell::new(0) };
}

/// A filter in the registry.
struct Entry {
    token: u64,
    /// The address of the unpacked weights, by which the entry is found.
    weights: u64,
    precision: Precision,
    /// The addresses of the packed filter for the convolution and for its input gradient.
    packed: [u64; 2],
    /// Every entry shares ownership of the memory, so that no address in the registry can outlive it,
    /// whatever the order in which tokens are dropped.
    _memory: Rc<Memory>,
}

/// The packed filters, and the weights themselves, whose address must not be reused because entries are found
/// by it.
struct Memory {
    _packed: Packed,
    _weights: Vec<Tensor>,
}

/// The address of the packed filter for the weights at `pointer` with this precision, if it is in the
/// registry.
pub(crate) fn found(pointer: u64, transposed: bool, precision: Precision) -> Option<u64> {
    let matches = |entry: &&Entry| entry.weights == pointer && entry.precision == precision;
    KEPT.with_borrow(|all| all.iter().rev().find(matches).map(|entry| entry.packed[usize::from(transposed)]))
}

/// A token for entries of the registry; dropping it removes them.
pub(crate) struct Token(u64);

impl Token {
    /// Packs `weights` and adds them to this thread's registry.
    pub(crate) fn new(queue: &Queue<'_>, weights: Vec<Tensor>, precision: Precision) -> Result<Self> {
        let mut filters = Vec::with_capacity(weights.len());
        for w in &weights {
            let (co, ci, k, _) = w.dims4()?;
            filters.push(Filter { pointer: queue.operand(w)?.pointer, co, ci, taps: k * k });
        }
        let packed = Packed::new(queue, &filters, precision)?;
        let places: Vec<_> =
            (0..filters.len()).map(|k| [packed.address(k, false), packed.address(k, true)]).collect();
        let token = NEXT_TOKEN.replace(NEXT_TOKEN.get() + 1);
        let memory = Rc::new(Memory { _packed: packed, _weights: weights });
        let entry = |(filter, packed): (&Filter, [u64; 2])| Entry {
            token,
            weights: filter.pointer,
            precision,
            packed,
            _memory: Rc::clone(&memory),
        };
        KEPT.with_borrow_mut(|all| all.extend(filters.iter().zip(places).map(entry)));
        Ok(Self(token))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // While the thread ends, the registry may have been destroyed before the token.
        let _ = KEPT.try_with(|all| all.borrow_mut().retain(|entry| entry.token != self.0));
    }
}
