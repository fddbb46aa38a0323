//! Training pairs from one picture: the picture itself, and its reduction enlarged again.

use crate::Result;
use crate::resample::{ROUNDS, back_project, enlarge, reduce, rounded, size_of};
use ndarray::{Array3, Array4, ArrayView3, Axis, s};
use pyramid::{Target, imresize};
use train::streams;

/// The picture itself and reductions of it serve as truth; the coarser, the sharper and the fewer pixels.
const SCALES: [f64; 5] = [1.0, 0.9, 0.8, 0.7, 0.6];

/// Shortest side of a truth. Below it there is nothing but border.
const SHORTEST: usize = 16;

/// An enlargement and the truth that it should be, of one size.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The bicubic enlargement, back-projected, height x width x channels.
    pub(crate) enlarged: Array3<f32>,
    /// The truth.
    pub(crate) truth: Array3<f32>,
}

/// All pairs of `picture` (height x width x channels) at a step of `factor`; at least one, however small it is.
///
/// A truth whose first row and column are left out is reduced at other places, which makes another pair.
pub(crate) fn pairs(picture: ArrayView3<'_, f32>, factor: f64) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for scale in SCALES {
        let truth = if scale == 1.0 {
            picture.to_owned()
        } else {
            imresize(picture, Target::Scale(scale))?.mapv_into(|v| v.clamp(-1.0, 1.0))
        };
        for (top, left) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (h, w) = size_of(&truth.view());
            let whole = scale == 1.0 && (top, left) == (0, 0);
            if !whole && (h - top).min(w - left) < SHORTEST {
                continue;
            }
            pairs.push(pair(truth.slice(s![top.., left.., ..]).to_owned(), factor)?);
        }
    }
    Ok(pairs)
}

/// The pair of a truth.
pub(crate) fn pair(truth: Array3<f32>, factor: f64) -> Result<Pair> {
    let size = size_of(&truth.view());
    let side = |n: usize| (n as f64 / factor).ceil() as usize;
    let low = rounded(reduce(truth.view(), factor, (side(size.0), side(size.1)))?)?;
    let enlarged = back_project(enlarge(low.view(), factor, size)?, low.view(), factor, ROUNDS)?;
    Ok(Pair { enlarged, truth })
}

/// A batch of crops: enlargements and truths, `[N, H, W, C]` each, no side above `side`. Where each is taken from and how it is turned
/// is a function of the seed and the iteration.
pub(crate) fn crops(
    pairs: &[Pair],
    side: usize,
    count: usize,
    seed: u64,
    iteration: usize,
) -> (Array4<f32>, Array4<f32>) {
    let numbers = kernels::uniform(streams::enlarger_crops(seed, iteration), 4 * count);
    let smallest = pairs.iter().map(|p| p.truth.dim().0.min(p.truth.dim().1)).min().unwrap_or(1);
    let (side, channels) = (side.min(smallest), pairs[0].truth.dim().2);
    let mut batch = [(); 2].map(|()| Array4::zeros((count, side, side, channels)));
    for (n, u) in numbers.chunks_exact(4).enumerate() {
        let below = |u: f64, count: usize| ((u * count as f64) as usize).min(count - 1);
        let pair = &pairs[below(u[0], pairs.len())];
        let (h, w, _) = pair.truth.dim();
        let (y, x) = (below(u[1], h - side + 1), below(u[2], w - side + 1));
        for (batch, source) in batch.iter_mut().zip([&pair.enlarged, &pair.truth]) {
            let crop = source.slice(s![y..y + side, x..x + side, ..]);
            batch.index_axis_mut(Axis(0), n).assign(&turned(crop, below(u[3], 8)));
        }
    }
    let [enlarged, truth] = batch;
    (enlarged, truth)
}

/// The picture in one of its eight orientations: bit 0 transposes, then bit 1 flips rows, bit 2 columns.
pub(crate) fn turned(pixels: ArrayView3<'_, f32>, orientation: usize) -> ArrayView3<'_, f32> {
    let mut pixels = pixels;
    if orientation & 1 != 0 {
        pixels.swap_axes(0, 1);
    }
    flip(&mut pixels, orientation);
    pixels
}

/// Takes [`turned`] back.
pub(crate) fn turned_back(pixels: ArrayView3<'_, f32>, orientation: usize) -> ArrayView3<'_, f32> {
    let mut pixels = pixels;
    flip(&mut pixels, orientation);
    if orientation & 1 != 0 {
        pixels.swap_axes(0, 1);
    }
    pixels
}

fn flip(pixels: &mut ArrayView3<'_, f32>, orientation: usize) {
    for (bit, axis) in [(2, 0), (4, 1)] {
        if orientation & bit != 0 {
            pixels.invert_axis(Axis(axis));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(h: usize, w: usize) -> Array3<f32> {
        Array3::from_shape_fn((h, w, 2), |(y, x, c)| ((y * 31 + x * 17 + c * 5) % 23) as f32 / 23.0)
    }

    #[test]
    fn orientations_are_eight_and_are_taken_back() {
        let x = picture(3, 5);
        let mut all: Vec<_> = (0..8).map(|o| turned(x.view(), o).to_owned()).collect();
        for (o, turned) in all.iter().enumerate() {
            assert_eq!(turned_back(turned.view(), o), x, "{o}");
        }
        while let Some(one) = all.pop() {
            assert!(!all.contains(&one));
        }
    }

    #[test]
    fn pairs_fit_and_small_pictures_have_one() -> Result<()> {
        for (h, w, count) in [(40, 50, 20), (1, 1, 1), (3, 70, 1), (17, 17, 5)] {
            let pairs = pairs(picture(h, w).view(), 2.0)?;
            assert_eq!(pairs.len(), count, "{h}x{w}");
            assert!(pairs.iter().all(|p| p.enlarged.dim() == p.truth.dim()));
            let (enlarged, truth) = crops(&pairs, 30, 3, 1, 0);
            assert_eq!(enlarged.dim(), truth.dim());
            assert_eq!(enlarged.dim().0, 3);
        }
        Ok(())
    }

    #[test]
    fn crops_are_a_function_of_seed_and_iteration() -> Result<()> {
        let pairs = pairs(picture(60, 50).view(), 1.7)?;
        assert_eq!(crops(&pairs, 20, 4, 1, 7), crops(&pairs, 20, 4, 1, 7));
        assert_ne!(crops(&pairs, 20, 4, 1, 7), crops(&pairs, 20, 4, 1, 8));
        assert_ne!(crops(&pairs, 20, 4, 1, 7), crops(&pairs, 20, 4, 2, 7));
        Ok(())
    }
}
