//! Patch sliced Wasserstein distance: the distance between the distributions of patches of two pictures.

use std::sync::LazyLock;

use ndarray::{Array2, ArrayView2, ArrayView3};

use crate::Error;
use crate::parallel;
use crate::patches::{Grid, STRIDE, VALUES, row_of_patches};
use crate::picture::Picture;

/// The patch sliced Wasserstein distance of two pictures (HxWxC in [-1, 1]; the sizes may differ) at full
/// size, 1/2 and 1/4. From 0, the best; `None` if a picture is smaller than 7x7 at that size.
///
/// All 7x7x3 patches at a stride of 2, flattened in the order channel, row, column, are projected onto 64
/// fixed unit vectors. For each vector, the projections of each picture are sorted and read at 512 quantiles:
/// position `floor(q * (n - 1))` for `q` evenly spaced from 0 to 1. The distance is the mean absolute
/// difference over quantiles and vectors. For the smaller sizes, each pixel is the mean of 2x2 pixels; an odd
/// last row or column is cropped.
///
/// # Errors
/// [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`] where one of the two is
/// not a picture.
pub fn patch_swd(real: ArrayView3<'_, f32>, sample: ArrayView3<'_, f32>) -> Result<[Option<f64>; 3], Error> {
    patch_swd_along(real, sample, VECTORS.view())
}

/// Computes [`patch_swd`] with projection vectors of the caller's choice. `vectors` has the shape 147 x n
/// with n at least 1: each column is a vector, and the rows are in the order of a flattened patch.
///
/// # Errors
/// [`Error::Vectors`] where `vectors` has another number of rows or no column; [`Error::Channels`],
/// [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`] where one of the two is not a picture.
pub fn patch_swd_along(
    real: ArrayView3<'_, f32>,
    sample: ArrayView3<'_, f32>,
    vectors: ArrayView2<'_, f32>,
) -> Result<[Option<f64>; 3], Error> {
    if vectors.nrows() != VALUES || vectors.ncols() == 0 {
        return Err(Error::Vectors { rows: vectors.nrows(), columns: vectors.ncols() });
    }
    let (mut real, mut sample) = (Some(Picture::new(real)?), Some(Picture::new(sample)?));
    let mut distances = [None; 3];
    for distance in &mut distances {
        let profile = |picture: &Option<Picture>| picture.as_ref().and_then(|p| Profile::new(p, vectors));
        *distance = profile(&real).zip(profile(&sample)).map(|(real, sample)| real.distance(&sample));
        (real, sample) = (real.and_then(|p| p.half()), sample.and_then(|p| p.half()));
    }
    Ok(distances)
}

const PROJECTIONS: usize = 64;
const QUANTILES: usize = 512;

/// The unit vectors, one per column. They are fixed so that the same pictures give the same figure
/// everywhere.
pub(crate) static VECTORS: LazyLock<Array2<f32>> = LazyLock::new(|| {
    let bytes = include_bytes!("../data/projections-7x7x3.f32");
    const { assert!(include_bytes!("../data/projections-7x7x3.f32").len() == VALUES * PROJECTIONS * 4) };
    Array2::from_shape_fn((VALUES, PROJECTIONS), |(value, projection)| {
        let start = (value * PROJECTIONS + projection) * 4;
        f32::from_le_bytes([bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3]])
    })
});

/// The part of a picture that determines its distances: 512 quantiles of each of the 64 projections.
#[derive(Debug, Clone)]
pub(crate) struct Profile(Vec<Vec<f32>>);

impl Profile {
    /// The profile of a picture. `None` if it is smaller than a patch.
    pub(crate) fn new(picture: &Picture, vectors: ArrayView2<'_, f32>) -> Option<Self> {
        let grid = Grid::new(picture.size(), STRIDE)?;
        let rows = parallel::map(grid.rows, |row| row_of_patches(picture, grid, row).dot(&vectors));
        Some(Self(parallel::map(vectors.ncols(), |projection| {
            let mut values: Vec<f32> =
                rows.iter().flat_map(|row| row.column(projection).into_iter().copied()).collect();
            values.sort_unstable_by(f32::total_cmp);
            // This is floor(q * (n - 1)) in integer arithmetic, so that no rounding decides between two
            // positions.
            (0..QUANTILES).map(|step| values[step * (values.len() - 1) / (QUANTILES - 1)]).collect()
        })))
    }

    /// The mean absolute difference of two profiles over projections and quantiles.
    pub(crate) fn distance(&self, other: &Self) -> f64 {
        let pairs = self.0.iter().flatten().zip(other.0.iter().flatten());
        let sum: f64 = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs()).sum();
        sum / (PROJECTIONS * QUANTILES) as f64
    }
}
