//! Approximate search for large pictures. First a tree of the target's patches is searched for a limited
//! number of steps. Then, in a few rounds, every patch tries the matches of its neighbours, moved by the
//! distance between the two.
//!
//! Neighbouring patches of a picture usually have neighbouring matches. Each row is therefore searched from
//! left to right, and each patch starts from the match of its left neighbour, which gives the search a tight
//! limit from the start. A match is replaced only by one with a smaller distance, or with an equal distance
//! and a lower patch number, as in the exact search. Sharing matches therefore corrects what the search
//! missed but does not favour copies.

use super::Matches;
use super::subspace::{Point, Subspace};
use super::tree::{Heap, Tree};
use crate::parallel;
use crate::patches::{Grid, STRIDE, distance};
use crate::picture::Picture;

/// Number of leaves of the tree that are examined for each patch.
const LEAVES: usize = 48;

/// Number of rounds in which neighbouring patches share their matches.
const ROUNDS: usize = 4;

/// A search index over the patches of a picture.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    subspace: Subspace,
    tree: Tree,
    grid: Grid,
}

impl Index {
    /// An index of all patches. If another index is given as `like`, its subspace is reused: any subspace
    /// gives correct results, and reuse saves the work of computing one. `None` if the picture is smaller
    /// than a patch.
    pub(crate) fn new(picture: &Picture, like: Option<&Self>, threads: usize) -> Option<Self> {
        let grid = Grid::new(picture.size(), 1)?;
        let subspace = like.map_or_else(|| Subspace::new(picture), |index| Some(index.subspace.clone()))?;
        let tree = Tree::new(&subspace.points(picture, grid, threads));
        Some(Self { subspace, tree, grid })
    }
}

/// Finds the nearest patches in both directions, sample to picture and picture to sample.
pub(super) fn search(sample: &Picture, real: &Picture, index: &Index, threads: usize) -> Option<Matches> {
    let sample_index = Index::new(sample, Some(index), threads)?;
    let real_grid = Grid::new(real.size(), STRIDE)?;
    let forward = find_nearest(sample, sample_index.grid, real, index, threads);
    let (nearest, distance) = forward.into_iter().unzip();
    let real_distance =
        find_nearest(real, real_grid, sample, &sample_index, threads).into_iter().map(|(_, d)| d).collect();
    let nearest: Vec<u32> = nearest;
    Some(Matches { sample: sample_index.grid, real: index.grid, nearest, distance, real_distance })
}

/// The nearest patch found, and its squared distance.
type Found = (u32, f32);

/// For each patch of a grid, the nearest patch of the target.
fn find_nearest(from: &Picture, grid: Grid, target: &Picture, index: &Index, threads: usize) -> Vec<Found> {
    let points = index.subspace.points(from, grid, threads);
    let mut found = parallel::map(grid.rows, threads, |row| {
        let points = &points[row * grid.columns..(row + 1) * grid.columns];
        search_row(from, grid, row, points, target, index)
    })
    .concat();
    for _ in 0..ROUNDS {
        // Each round reads only the result of the round before, so that the order of the rows has no
        // influence.
        let next =
            parallel::map(grid.rows, threads, |row| share_row(from, grid, row, &found, target, index.grid));
        found = next.concat();
    }
    found
}

/// Searches the tree for the patches of one row of the grid, from left to right.
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
        // Rounding may lift a lower bound above the distance that it bounds. Without a little slack, ties and
        // exact copies would be lost.
        let slack = |limit: f32| limit * 1.0001 + 1e-5;
        index.tree.search(point, slack(candidate.best.1), LEAVES, &mut heap, |number| {
            candidate.try_number(number);
            slack(candidate.best.1)
        });
        found.push(candidate.best);
    }
    found
}

/// Improves the matches of one row of the grid by the matches of the four neighbours of each patch.
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
        let patch = row * grid.columns + column;
        let mut candidate = Candidate::new(from, grid, (row, column), target, targets);
        candidate.best = found[patch];
        if column > 0 {
            candidate.try_moved(found[patch - 1].0, (0, step));
        }
        if column + 1 < grid.columns {
            candidate.try_moved(found[patch + 1].0, (0, -step));
        }
        if row > 0 {
            candidate.try_moved(found[patch - grid.columns].0, (step, 0));
        }
        if row + 1 < grid.rows {
            candidate.try_moved(found[patch + grid.columns].0, (-step, 0));
        }
        candidate.best
    };
    (0..grid.columns).map(share).collect()
}

/// A patch and its best match so far.
struct Candidate<'a> {
    from: &'a Picture,
    position: (usize, usize),
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
        let position = (row * grid.stride, column * grid.stride);
        Self { from, position, target, targets, best: (u32::MAX, f32::INFINITY) }
    }

    /// Tries the patch with this number as the match.
    fn try_number(&mut self, number: u32) {
        let columns = self.targets.columns;
        let target_position = (number as usize / columns, number as usize % columns);
        let distance = distance(self.from, self.position, self.target, target_position, self.best.1);
        if (distance, number) < (self.best.1, self.best.0) {
            self.best = (number, distance);
        }
    }

    /// Tries the patch that lies the given number of rows and columns away from patch `number`, if it exists.
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
