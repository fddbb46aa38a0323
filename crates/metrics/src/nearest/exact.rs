//! Exact search: compares all pairs of patches, one shift between the two pictures at a time.
//!
//! When two pictures are laid over each other at a fixed shift, every pixel has one squared colour
//! difference, and the distance of two patches is the sum of 7x7 of these. Neighbouring patches share most of
//! the terms of that sum. So 7 neighbouring values of a row are added first, then pairs of rows, and both
//! results are kept for the next patches: a pair of patches costs about 20 operations instead of 3 * 147.
//! Squares are only ever added, never subtracted again. A distance is therefore as accurate as if it were
//! computed alone, and small distances do not disappear in rounding errors. Each distance is used in both
//! directions, sample to picture and picture to sample.

use super::Matches;
use crate::parallel;
use crate::patches::{Grid, PATCH, STRIDE};
use crate::picture::Picture;

/// Finds the nearest patches in both directions. `None` if a picture is smaller than a patch.
pub(super) fn search(sample: &Picture, real: &Picture, threads: usize) -> Option<Matches> {
    let (from, to) = (Grid::new(sample.size(), 1)?, Grid::new(real.size(), 1)?);
    let (sample, real) = (Planes::new(sample), Planes::new(real));
    // Shifts are numbered in reading order. For a given patch of the sample, a lower shift means a patch of
    // the picture with a lower number. Ties go to the lowest shift, whichever thread found it.
    let (down, across) = (from.rows + to.rows - 1, from.columns + to.columns - 1);
    let start = || (Best::new(from.count(), to.count()), Buffers::new(sample.width.min(real.width)));
    let found = parallel::fold(down, threads, start, |(best, buffers), vertical| {
        for horizontal in 0..across {
            let overlap = Overlap::new(from, to, vertical, horizontal);
            let shift = (vertical * across + horizontal) as u32;
            compare(&sample, &real, &overlap, shift, buffers, best, (from.columns, to.columns));
        }
    });
    let best = found.into_iter().map(|(best, _)| best).reduce(Best::merge)?;
    let nearest = best.shift.iter().enumerate().map(|(patch, &shift)| {
        let (vertical, horizontal) = (shift as usize / across, shift as usize % across);
        let row = patch / from.columns + vertical + 1 - from.rows;
        let column = patch % from.columns + horizontal + 1 - from.columns;
        (row * to.columns + column) as u32
    });
    let nearest = nearest.collect();
    let lines = best.backward.chunks_exact(to.columns).step_by(STRIDE);
    let real_distance = lines.flat_map(|line| line.iter().step_by(STRIDE).copied()).collect();
    Some(Matches { sample: from, real: to, nearest, distance: best.forward, real_distance })
}

/// The three colour planes of a picture, each stored row by row.
struct Planes {
    width: usize,
    planes: [Vec<f32>; 3],
}

impl Planes {
    fn new(picture: &Picture) -> Self {
        let plane = |channel| picture.data.iter().skip(channel).step_by(3).copied().collect();
        Self { width: picture.width, planes: std::array::from_fn(plane) }
    }

    /// `length` pixels of one row, starting at `column`, in each of the three planes.
    fn part(&self, row: usize, column: usize, length: usize) -> [&[f32]; 3] {
        std::array::from_fn(|channel| &self.planes[channel][row * self.width + column..][..length])
    }
}

/// The patches that coincide at one shift: the first one in each picture (row, column), and the number of
/// rows and columns of patches.
struct Overlap {
    sample: (usize, usize),
    real: (usize, usize),
    rows: usize,
    columns: usize,
}

impl Overlap {
    /// The overlap at a shift. Shift (0, 0) puts the last patch of the sample on the first patch of the
    /// picture.
    fn new(from: Grid, to: Grid, vertical: usize, horizontal: usize) -> Self {
        let along = |from: usize, to: usize, shift: usize| {
            let (sample, real) = ((from - 1).saturating_sub(shift), (shift + 1).saturating_sub(from));
            (sample, real, (from - sample).min(to - real))
        };
        let (sample_row, real_row, rows) = along(from.rows, to.rows, vertical);
        let (sample_column, real_column, columns) = along(from.columns, to.columns, horizontal);
        Self { sample: (sample_row, sample_column), real: (real_row, real_column), rows, columns }
    }
}

/// The smallest distances so far: `forward` for the patches of the sample, with the shift where each was
/// found, and `backward` for the patches of the picture.
struct Best {
    forward: Vec<f32>,
    shift: Vec<u32>,
    backward: Vec<f32>,
}

impl Best {
    fn new(from: usize, to: usize) -> Self {
        let forward = vec![f32::INFINITY; from];
        Self { forward, shift: vec![u32::MAX; from], backward: vec![f32::INFINITY; to] }
    }

    /// The smaller of both distances of each patch; on a tie, the lower shift.
    fn merge(mut self, other: Self) -> Self {
        for patch in 0..self.forward.len() {
            let theirs = (other.forward[patch], other.shift[patch]);
            if theirs < (self.forward[patch], self.shift[patch]) {
                (self.forward[patch], self.shift[patch]) = theirs;
            }
        }
        for (ours, theirs) in self.backward.iter_mut().zip(other.backward) {
            *ours = ours.min(theirs);
        }
        self
    }
}

/// Intermediate sums, as ring buffers of rows.
struct Buffers {
    /// The squared colour differences of the current row.
    pixels: Vec<f32>,
    /// Sums of 7 neighbouring pixels, for the last 7 rows.
    single: [Vec<f32>; PATCH],
    /// Sums of two consecutive rows of `single`, for the last 5 rows.
    double: [Vec<f32>; 5],
}

impl Buffers {
    fn new(width: usize) -> Self {
        let row = || vec![0.0; width];
        Self { pixels: row(), single: std::array::from_fn(|_| row()), double: std::array::from_fn(|_| row()) }
    }
}

/// Compares all pairs of patches that coincide at one shift, row by row from the top.
fn compare(
    sample: &Planes,
    real: &Planes,
    overlap: &Overlap,
    shift: u32,
    buffers: &mut Buffers,
    best: &mut Best,
    (from_columns, to_columns): (usize, usize),
) {
    let columns = overlap.columns;
    for row in 0..overlap.rows + PATCH - 1 {
        let length = columns + PATCH - 1;
        pixel_differences(
            &mut buffers.pixels[..length],
            sample.part(overlap.sample.0 + row, overlap.sample.1, length),
            real.part(overlap.real.0 + row, overlap.real.1, length),
        );
        sums_of_seven(&mut buffers.single[row % 7][..columns], &buffers.pixels[..length]);
        if row == 0 {
            continue;
        }
        let mut double = std::mem::take(&mut buffers.double[row % 5]);
        let current = &buffers.single[row % 7][..columns];
        let previous = &buffers.single[(row + 6) % 7][..columns];
        for ((double, current), previous) in double.iter_mut().zip(current).zip(previous) {
            *double = current + previous;
        }
        buffers.double[row % 5] = double;
        let Some(top) = row.checked_sub(PATCH - 1) else { continue };
        let sample_start = (overlap.sample.0 + top) * from_columns + overlap.sample.1;
        let real_start = (overlap.real.0 + top) * to_columns + overlap.real.1;
        keep_smaller(
            [0, 3, 1].map(|age| &buffers.double[(row + age) % 5][..columns]),
            &buffers.single[(row + 1) % 7][..columns],
            shift,
            &mut best.forward[sample_start..][..columns],
            &mut best.shift[sample_start..][..columns],
            &mut best.backward[real_start..][..columns],
        );
    }
}

/// The squared colour difference of each pixel of two rows, given as three colour planes.
fn pixel_differences(out: &mut [f32], a: [&[f32]; 3], b: [&[f32]; 3]) {
    let n = out.len();
    let [a0, a1, a2] = a.map(|plane| &plane[..n]);
    let [b0, b1, b2] = b.map(|plane| &plane[..n]);
    for i in 0..n {
        let (d0, d1, d2) = (a0[i] - b0[i], a1[i] - b1[i], a2[i] - b2[i]);
        out[i] = d0 * d0 + d1 * d1 + d2 * d2;
    }
}

/// Sums of 7 consecutive values; `values` is 6 longer than `out`.
fn sums_of_seven(out: &mut [f32], values: &[f32]) {
    let n = out.len();
    let v: [&[f32]; PATCH] = std::array::from_fn(|offset| &values[offset..][..n]);
    for i in 0..n {
        out[i] = ((v[0][i] + v[1][i]) + (v[2][i] + v[3][i])) + ((v[4][i] + v[5][i]) + v[6][i]);
    }
}

/// Computes one row of distances and updates the best distances so far. A distance is the sum of 7 rows:
/// three pairs of rows (`double`) and the oldest row. Written without branches so that the compiler can
/// vectorise it.
fn keep_smaller(
    double: [&[f32]; 3],
    oldest: &[f32],
    number: u32,
    forward: &mut [f32],
    shift: &mut [u32],
    backward: &mut [f32],
) {
    let n = oldest.len();
    let [d0, d1, d2] = double.map(|row| &row[..n]);
    let (forward, shift, backward) = (&mut forward[..n], &mut shift[..n], &mut backward[..n]);
    for i in 0..n {
        let distance = (d0[i] + d1[i]) + (d2[i] + oldest[i]);
        let nearer = distance < forward[i];
        shift[i] = if nearer { number } else { shift[i] };
        forward[i] = if nearer { distance } else { forward[i] };
        backward[i] = if distance < backward[i] { distance } else { backward[i] };
    }
}
