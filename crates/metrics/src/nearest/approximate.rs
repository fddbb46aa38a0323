//! Approximate search for large pictures: a tree of the target's patches searched for a limited number of steps, then
//! rounds in which every patch tries what its neighbours have found, moved by as much as they lie apart.
//!
//! Similar patches lie side by side in pictures, so that a row is searched from left to right and each patch begins with
//! its left neighbour's match, which makes the limit of the search tight from the start. Only a distance that is
//! smaller (or equal, with a lower number, as in the exact search) replaces another: sharing corrects what the search
//! missed and does not favour copies.

use super::Matches;
use super::subspace::{Point, Subspace};
use super::tree::{Heap, Tree};
use crate::parallel;
use crate::patches::{Grid, STRIDE, distance};
use crate::picture::Picture;

/// Leaves of the tree that are looked through for each patch.
const LEAVES: usize = 48;

/// Rounds of sharing.
const ROUNDS: usize = 4;

/// What is prepared of a picture to search among its patches.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    subspace: Subspace,
    tree: Tree,
    grid: Grid,
}

impl Index {
    /// An index of all patches, in the coordinates of another index if there is one: any do, and another picture's
    /// save work. `None` where the picture is smaller than a patch.
    pub(crate) fn new(picture: &Picture, like: Option<&Self>, threads: usize) -> Option<Self> {
        let grid = Grid::new(picture.size(), 1)?;
        let subspace = like.map_or_else(|| Subspace::new(picture), |index| Some(index.subspace.clone()))?;
        let tree = Tree::new(&subspace.points(picture, grid, threads));
        Some(Self { subspace, tree, grid })
    }
}

/// Nearest patches in both directions.
pub(super) fn search(sample: &Picture, real: &Picture, index: &Index, threads: usize) -> Option<Matches> {
    let back = Index::new(sample, Some(index), threads)?;
    let coarse = Grid::new(real.size(), STRIDE)?;
    let forward = field(sample, back.grid, real, index, threads);
    let (nearest, distance) = forward.into_iter().unzip();
    let real_distance = field(real, coarse, sample, &back, threads).into_iter().map(|(_, d)| d).collect();
    let nearest: Vec<u32> = nearest;
    Some(Matches { sample: back.grid, real: index.grid, nearest, distance, real_distance })
}

/// The nearest patch found, and its squared distance.
type Found = (u32, f32);

/// For each patch of a grid the nearest patch of the target.
fn field(from: &Picture, grid: Grid, target: &Picture, index: &Index, threads: usize) -> Vec<Found> {
    let points = index.subspace.points(from, grid, threads);
    let mut found = parallel::map(grid.rows, threads, |row| {
        let points = &points[row * grid.columns..(row + 1) * grid.columns];
        search_row(from, grid, row, points, target, index)
    })
    .concat();
    for _ in 0..ROUNDS {
        // Each round reads the round before only, so that the order of rows has no influence.
        let next =
            parallel::map(grid.rows, threads, |row| share_row(from, grid, row, &found, target, index.grid));
        found = next.concat();
    }
    found
}

fn search_row(
    from: &Picture,
    grid: Grid,
    row: usize,
    points: &[Point],
    target: &Picture,
    index: &Index,
) -> Vec<Found> {
    let mut heap = Heap::new();
    let mut found: Vec<Found> = Vec::with_capacity(grid.columns);
    for (column, point) in points.iter().enumerate() {
        let mut candidate = Candidate::new(from, grid, (row, column), target, index.grid);
        if let Some(&(left, _)) = found.last() {
            candidate.try_moved(left, (0, grid.stride as isize));
        }
        // Rounding may lift a lower bound above the distance it bounds: a little slack keeps ties and exact copies.
        let slack = |limit: f32| limit * 1.0001 + 1e-5;
        index.tree.search(point, slack(candidate.best.1), LEAVES, &mut heap, |number| {
            candidate.try_number(number);
            slack(candidate.best.1)
        });
        found.push(candidate.best);
    }
    found
}

fn share_row(
    from: &Picture,
    grid: Grid,
    row: usize,
    found: &[Found],
    target: &Picture,
    targets: Grid,
) -> Vec<Found> {
    let step = grid.stride as isize;
    let share = |column: usize| {
        let at = row * grid.columns + column;
        let mut candidate = Candidate::new(from, grid, (row, column), target, targets);
        candidate.best = found[at];
        if column > 0 {
            candidate.try_moved(found[at - 1].0, (0, step));
        }
        if column + 1 < grid.columns {
            candidate.try_moved(found[at + 1].0, (0, -step));
        }
        if row > 0 {
            candidate.try_moved(found[at - grid.columns].0, (step, 0));
        }
        if row + 1 < grid.rows {
            candidate.try_moved(found[at + grid.columns].0, (-step, 0));
        }
        candidate.best
    };
    (0..grid.columns).map(share).collect()
}

/// A patch and the best match so far.
struct Candidate<'a> {
    from: &'a Picture,
    at: (usize, usize),
    target: &'a Picture,
    targets: Grid,
    best: Found,
}

impl<'a> Candidate<'a> {
    fn new(
        from: &'a Picture,
        grid: Grid,
        (row, column): (usize, usize),
        target: &'a Picture,
        targets: Grid,
    ) -> Self {
        let at = (row * grid.stride, column * grid.stride);
        Self { from, at, target, targets, best: (u32::MAX, f32::INFINITY) }
    }

    fn try_number(&mut self, number: u32) {
        let columns = self.targets.columns;
        let place = (number as usize / columns, number as usize % columns);
        let distance = distance(self.from, self.at, self.target, place, self.best.1);
        if (distance, number) < (self.best.1, self.best.0) {
            self.best = (number, distance);
        }
    }

    /// Tries the patch some rows and columns away from another, if there is one.
    fn try_moved(&mut self, number: u32, (rows, columns): (isize, isize)) {
        let row = (number as usize / self.targets.columns).checked_add_signed(rows);
        let column = (number as usize % self.targets.columns).checked_add_signed(columns);
        let inside =
            |&(row, column): &(usize, usize)| row < self.targets.rows && column < self.targets.columns;
        if let Some((row, column)) = row.zip(column).filter(inside) {
            let moved = (row * self.targets.columns + column) as u32;
            if moved != self.best.0 {
                self.try_number(moved);
            }
        }
    }
}
