//! The matrix product used by most convolution algorithms. A tile of up to 6 rows by a few vectors is summed
//! in registers.
#![allow(unsafe_code)] // pointers with strides

use crate::simd::{Kernel, LINE, Simd};

/// Maximum number of rows of a tile.
pub(super) const ROWS: usize = 6;

/// The matrix product `C = A B` or `C += A B`, with `C` of `rows` by `vectors * WIDTH` numbers.
///
/// Each row of `A` consists of `segments` runs of `depth` numbers. `B` is packed in blocks of
/// [`Simd::COLUMNS`] vectors. All distances are in numbers.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub rows: usize,
    pub vectors: usize,
    pub segments: usize,
    pub depth: usize,
    pub a: *const f32,
    /// Distance from one row of `A` to the next.
    pub a_row: usize,
    /// Distance from one step of the depth to the next. Either this or `a_row` is 1.
    pub a_step: usize,
    /// Distance from the beginning of one segment to that of the next.
    pub a_segment: usize,
    pub b: *const f32,
    /// Distance from one step of the depth to the next, across segments as well. 0 means that each block of
    /// columns is packed without gaps.
    pub b_step: usize,
    /// Distance from one block of columns to the next.
    pub b_block: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// Whether to add the product to `C` instead of overwriting it.
    pub add: bool,
}

/// Memory to be prefetched into the L2 cache during a product, one cache line of each run at every step of
/// the depth. Prefetching all lines at once would delay the loads of the product.
#[derive(Clone, Copy)]
pub(super) struct Fetch {
    pub runs: [*const f32; 3],
    /// Number of cache lines of each run. At most one line per step of the depth is prefetched.
    pub lines: usize,
}

impl Product {
    /// Computes the product. For each of its pieces, `fetch` returns the memory to prefetch meanwhile.
    ///
    /// # Safety
    /// All memory within the given sizes and distances must be valid. `C` may overlap `A` only if each row of
    /// `C` overlaps no row of `A` but the one with the same index and `C` is at most one block of columns
    /// wide; then every row of `A` is read before it is overwritten.
    pub(super) unsafe fn run<S: Simd>(self, s: S, mut fetch: impl FnMut() -> Option<Fetch>) {
        let groups = self.rows.div_ceil(ROWS);
        for block in 0..self.vectors.div_ceil(S::COLUMNS) {
            let vectors = S::COLUMNS.min(self.vectors - block * S::COLUMNS);
            for group in 0..groups {
                // Groups are of nearly equal size, since a last group of a single row would be limited by the
                // latency of its sums.
                let (from, to) = (group * self.rows / groups, (group + 1) * self.rows / groups);
                let part = Product {
                    // SAFETY: the address is within the memory that the caller guarantees.
                    a: unsafe { self.a.add(from * self.a_row) },
                    // SAFETY: the address is within the memory that the caller guarantees.
                    b: unsafe { self.b.add(block * self.b_block) },
                    // SAFETY: the address is within the memory that the caller guarantees.
                    c: unsafe { self.c.add(from * self.c_row + block * S::COLUMNS * S::WIDTH) },
                    b_step: if self.b_step == 0 { vectors * S::WIDTH } else { self.b_step },
                    ..self
                };
                part.micro(s, to - from, vectors, fetch());
            }
        }
    }

    #[inline(always)]
    fn micro<S: Simd>(self, s: S, rows: usize, vectors: usize, fetch: Option<Fetch>) {
        macro_rules! rows {
            ($($count:literal)*) => {
                match (rows, vectors) {
                    $(
                        ($count, 1) => self.sized::<S, $count, 1>(s, fetch),
                        ($count, 2) => self.sized::<S, $count, 2>(s, fetch),
                        ($count, 3) if S::COLUMNS > 2 => self.sized::<S, $count, 3>(s, fetch),
                        ($count, _) if S::COLUMNS > 2 => self.sized::<S, $count, 4>(s, fetch),
                    )*
                    _ => {}
                }
            };
        }
        rows!(1 2 3 4 5 6);
    }

    #[inline(always)]
    fn sized<S: Simd, const R: usize, const C: usize>(self, s: S, fetch: Option<Fetch>) {
        let nothing = Fetch { runs: [self.b; 3], lines: 0 };
        let fetch = fetch.unwrap_or(nothing);
        if self.a_step == 1 {
            s.call(Micro::<R, C, true>(self, fetch));
        } else {
            s.call(Micro::<R, C, false>(self, fetch));
        }
    }
}

/// A tile of `R` rows by `C` vectors of the product. With `ROWS_APART`, `a_step` is 1;
/// otherwise `a_row` is 1.
struct Micro<const R: usize, const C: usize, const ROWS_APART: bool>(Product, Fetch);

impl<const R: usize, const C: usize, const ROWS_APART: bool> Kernel for Micro<R, C, ROWS_APART> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self(p, fetch) = self;
        let (a_row, a_step) = if ROWS_APART { (p.a_row, 1) } else { (1, p.a_step) };
        let mut sums = [[s.splat(0.0); C]; R];
        let mut b = p.b;
        for segment in 0..p.segments {
            let mut a = p.a.wrapping_add(segment * p.a_segment);
            let fetching = if segment == 0 { fetch.lines.min(p.depth) } else { 0 };
            for line in 0..fetching {
                for run in fetch.runs {
                    s.prefetch(run.wrapping_add(line * LINE));
                }
                step(s, a, a_row, b, &mut sums);
                (a, b) = (a.wrapping_add(a_step), b.wrapping_add(p.b_step));
            }
            for _ in fetching..p.depth {
                step(s, a, a_row, b, &mut sums);
                (a, b) = (a.wrapping_add(a_step), b.wrapping_add(p.b_step));
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (c, &sum) in sums.iter().enumerate() {
                // SAFETY: the caller of `Product::run` guarantees this memory.
                unsafe {
                    let to = p.c.add(r * p.c_row + c * S::WIDTH);
                    s.store(to, if p.add { s.add(s.load(to), sum) } else { sum });
                }
            }
        }
    }
}
/// Adds a column of `A` times a row of `B`. The caller of [`Product::run`] guarantees that this memory is
/// valid.
#[inline(always)]
fn step<S: Simd, const R: usize, const C: usize>(
    s: S,
    a: *const f32,
    a_row: usize,
    b: *const f32,
    sums: &mut [[S::V; C]; R],
) {
    let mut row = [s.splat(0.0); C];
    for (c, value) in row.iter_mut().enumerate() {
        // SAFETY: the caller of `Product::run` guarantees this memory.
        *value = unsafe { s.load(b.add(c * S::WIDTH)) };
    }
    for (r, sums) in sums.iter_mut().enumerate() {
        // SAFETY: the caller of `Product::run` guarantees this memory.
        let x = s.splat(unsafe { *a.add(r * a_row) });
        for c in 0..C {
            sums[c] = s.fma(x, row[c], sums[c]);
        }
    }
}
