//! Describes a patch by 16 coordinates that give a lower bound of distances: 15 principal components, and the
//! length of the part that they do not cover (the remainder).
//!
//! The distance of two patches in some orthonormal coordinates never exceeds their full distance, and the
//! lengths of two remainders never differ by more than the distance between the remainders. So a patch that
//! is too far away in these 16 coordinates is too far away in full.

use ndarray::{Array1, Array2, Axis};

use crate::parallel;
use crate::patches::{Grid, VALUES, row_of_patches};
use crate::picture::Picture;

/// Number of coordinates of a patch.
pub(super) const DIMENSIONS: usize = 16;

/// A patch, given by its coordinates: the principal components, then the length of the remainder.
pub(super) type Point = [f32; DIMENSIONS];

const COMPONENTS: usize = DIMENSIONS - 1;

/// The mean patch and an orthonormal basis of the directions in which patches differ most.
#[derive(Debug, Clone)]
pub(super) struct Subspace {
    mean: Array1<f32>,
    /// Shape 147 x 15, one direction per column.
    basis: Array2<f32>,
}

impl Subspace {
    /// The principal components of the patches of a picture. `None` if it is smaller than a patch.
    pub(super) fn new(picture: &Picture) -> Option<Self> {
        /// Number of patches that suffice to find the directions.
        const ENOUGH: usize = 8192;
        let all = Grid::new(picture.size(), 1)?;
        let stride = (1..).find(|stride| all.count() / (stride * stride) <= ENOUGH)?;
        let grid = Grid::new(picture.size(), stride)?;
        let mut sum = Array1::<f64>::zeros(VALUES);
        let mut products = Array2::<f64>::zeros((VALUES, VALUES));
        for row in 0..grid.rows {
            let patches = row_of_patches(picture, grid, row).mapv(f64::from);
            sum += &patches.sum_axis(Axis(0));
            products += &patches.t().dot(&patches);
        }
        let mean = sum / grid.count() as f64;
        let column = mean.view().insert_axis(Axis(1));
        let covariance = products / grid.count() as f64 - column.dot(&column.t());
        // Orthogonal iteration. Any orthonormal basis gives correct bounds, so that a rough result is good
        // enough.
        let mut basis = Array2::from_shape_fn((VALUES, COMPONENTS), |(value, component)| {
            ((value * (component + 1)) as f64 * 0.618).cos()
        });
        orthonormalise(&mut basis);
        for _ in 0..24 {
            basis = covariance.dot(&basis);
            orthonormalise(&mut basis);
        }
        Some(Self { mean: mean.mapv(|v| v as f32), basis: basis.mapv(|v| v as f32) })
    }

    /// The coordinates of all patches of a grid, row by row.
    pub(super) fn points(&self, picture: &Picture, grid: Grid, threads: usize) -> Vec<Point> {
        let rows = parallel::map(grid.rows, threads, |row| {
            let centred = row_of_patches(picture, grid, row) - &self.mean;
            let coordinates = centred.dot(&self.basis);
            let points = coordinates.outer_iter().zip(centred.outer_iter()).map(|(inside, patch)| {
                let mut point: Point = [0.0; DIMENSIONS];
                point.iter_mut().zip(inside).for_each(|(to, from)| *to = *from);
                point[COMPONENTS] = (patch.dot(&patch) - inside.dot(&inside)).max(0.0).sqrt();
                point
            });
            points.collect::<Vec<_>>()
        });
        rows.concat()
    }
}

/// Orthonormalises the columns by the Gram-Schmidt process, applied twice for accuracy. A column that depends
/// linearly on earlier columns becomes zero, so that distances in these coordinates remain lower bounds.
fn orthonormalise(basis: &mut Array2<f64>) {
    for component in 0..basis.ncols() {
        let mut column = basis.column(component).to_owned();
        let length_before = column.dot(&column).sqrt();
        for _ in 0..2 {
            for earlier in 0..component {
                let earlier = basis.column(earlier);
                let share = column.dot(&earlier);
                column.scaled_add(-share, &earlier);
            }
        }
        let length = column.dot(&column).sqrt();
        let scale = if length > 1e-9 * length_before && length > 1e-30 { 1.0 / length } else { 0.0 };
        basis.column_mut(component).assign(&(column * scale));
    }
}
