//! Nearest patches: for every patch of a sample the nearest patch of the picture, and for the patches of the
//! picture the distance to the nearest patch of the sample. Realism, completeness, copy rate and coverage all
//! follow from this search.

mod approximate;
mod exact;
mod subspace;
mod tree;

use ndarray::ArrayView3;

pub(crate) use approximate::Index;

use crate::patches::{Grid, STRIDE, VALUES};
use crate::picture::Picture;
use crate::{Error, Options};

/// How nearest patches are searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Search {
    /// Exact for up to [`EXACT_PAIRS`] pairs of patches, approximate for more.
    #[default]
    Auto,
    /// All pairs of patches are compared. The time grows with the product of the two pictures' areas.
    Exact,
    /// A tree of the patches is searched for a limited number of steps, and neighbouring patches share their
    /// matches.
    ///
    /// On photographs of 250x167 pixels, 99 % of the nearest patches are the exact ones, and realism and
    /// completeness are within 0.1 % of the exact figures. On fine random texture (grass), 94 % of the
    /// nearest patches are the exact ones, realism is within 0.3 %, completeness within 0.6 %, and the copy
    /// rate is 0.003 too high. A distance is never smaller than the exact one.
    Approximate,
}

/// The number of pairs of patches, one of each picture, up to which [`Search::Auto`] compares all pairs.
///
/// Two pictures of 250x180 pixels have 1.8e9 pairs, two of 250x250 pixels have 3.5e9. One core compares about
/// 0.8e9 pairs per second. At this limit the approximate search takes about as long as the exact one on fine
/// texture, and half as long on photographs. Its time grows a little faster than the area of one picture; the
/// time of the exact search grows with the product of both areas.
pub const EXACT_PAIRS: usize = 1 << 31;

impl Search {
    /// The search that is used for two pictures of these heights and widths in pixels: [`Search::Exact`] or
    /// [`Search::Approximate`].
    ///
    /// [`Search::Exact`] becomes [`Search::Approximate`] only if the number of shifts of one picture over the
    /// other exceeds 32 bits, as with two pictures of 32768x32768 pixels.
    pub fn resolve(self, sample: (usize, usize), real: (usize, usize)) -> Self {
        let count = |size| Grid::new(size, 1).map_or(0, |grid| grid.count());
        let shifts = (sample.0 + real.0).saturating_mul(sample.1 + real.1);
        match self {
            Self::Approximate => Self::Approximate,
            _ if shifts >= u32::MAX as usize => Self::Approximate,
            Self::Auto if count(sample).saturating_mul(count(real)) > EXACT_PAIRS => Self::Approximate,
            Self::Auto | Self::Exact => Self::Exact,
        }
    }
}

/// The nearest patches of a sample and a picture (HxWxC in [-1, 1]; the sizes may differ), from which
/// [`Matches::realism`] and the other figures follow. `None` if one of the two is smaller than a patch.
///
/// # Errors
/// [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`] where one of the two is
/// not a picture.
pub fn match_patches(
    sample: ArrayView3<'_, f32>,
    real: ArrayView3<'_, f32>,
    options: &Options,
) -> Result<Option<Matches>, Error> {
    Ok(between(&Picture::new(sample)?, &Picture::new(real)?, || None, options))
}

/// Does the work of [`match_patches`]. `index` returns the search index of the picture, and is called only
/// for the approximate search; if it returns `None`, an index is built.
pub(crate) fn between<'a>(
    sample: &Picture,
    real: &Picture,
    index: impl FnOnce() -> Option<&'a Index>,
    options: &Options,
) -> Option<Matches> {
    if options.search.resolve(sample.size(), real.size()) == Search::Exact {
        return exact::search(sample, real);
    }
    match index() {
        Some(index) => approximate::search(sample, real, index),
        None => approximate::search(sample, real, &Index::new(real, None)?),
    }
}

/// The nearest patch of a picture for each patch of a sample. Distances are sums of squared differences over
/// the 147 values of a patch. Of several patches at the same distance, the first in reading order is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Matches {
    /// All positions of patches in the sample.
    pub sample: Grid,
    /// All positions of patches in the picture.
    pub real: Grid,
    /// For each patch of the sample, the number of the nearest patch of the picture.
    pub nearest: Vec<u32>,
    /// For each patch of the sample, the distance to the nearest patch of the picture.
    pub distance: Vec<f32>,
    /// For each patch of the picture at a stride of 2, the distance to the nearest patch of the sample.
    pub real_distance: Vec<f32>,
}

impl Matches {
    /// Patch realism: the squared distance from each patch of the sample (stride 2) to the nearest patch of
    /// the picture (stride 1), as a mean over the patches and their 147 values. From 0 to 4; 0 is best: every
    /// patch of the sample occurs in the picture.
    pub fn realism(&self) -> f64 {
        let Grid { rows, columns, .. } = self.sample;
        let mut sum = 0.0;
        for row in (0..rows).step_by(STRIDE) {
            let line = &self.distance[row * columns..(row + 1) * columns];
            sum += line.iter().step_by(STRIDE).map(|&d| f64::from(d)).sum::<f64>();
        }
        sum / (rows.div_ceil(STRIDE) * columns.div_ceil(STRIDE) * VALUES) as f64
    }

    /// Patch completeness: the squared distance from each patch of the picture (stride 2) to the nearest
    /// patch of the sample (stride 1), as a mean over the patches and their 147 values. From 0 to 4; 0 is
    /// best: every patch of the picture occurs in the sample.
    pub fn completeness(&self) -> f64 {
        let sum: f64 = self.real_distance.iter().map(|&d| f64::from(d)).sum();
        sum / (self.real_distance.len() * VALUES) as f64
    }

    /// Copy rate: of all pairs of patches of the sample that are two columns apart, the share whose nearest
    /// patches in the picture are also two columns apart in the same row. From 0 to 1; 1 means a copy in one
    /// piece, apart from patches that occur more than once. `None` if the sample is less than 9 pixels wide.
    pub fn copy_rate(&self) -> Option<f64> {
        let columns = self.sample.columns;
        let pairs = self.sample.rows * columns.checked_sub(SHIFT).filter(|&pairs| pairs > 0)?;
        let is_copied = |nearest: u32, neighbour: u32| {
            // Without the first condition, the end of a row would count as the neighbour of the start of the
            // next.
            nearest as usize % self.real.columns + SHIFT < self.real.columns
                && neighbour as usize == nearest as usize + SHIFT
        };
        let rows = self.nearest.chunks_exact(columns);
        let copied = rows.flat_map(|row| row.iter().zip(&row[SHIFT..])).filter(|&(&a, &b)| is_copied(a, b));
        Some(copied.count() as f64 / pairs as f64)
    }

    /// Coverage: the share of all patches of the picture that are the nearest patch of at least one patch of
    /// the sample. From 0 to 1; a copy has 1, and a sample that repeats one part of the picture has a low
    /// value.
    pub fn coverage(&self) -> f64 {
        let mut used = vec![false; self.real.count()];
        for &nearest in &self.nearest {
            used[nearest as usize] = true;
        }
        used.iter().filter(|&&used| used).count() as f64 / used.len() as f64
    }
}

/// Columns between the two patches that the copy rate compares.
const SHIFT: usize = 2;
