//! Patches of one picture that look like patches of another in everything but their colours.
//!
//! What was pasted often has relatives in the training picture: the same kind of leaf, wall or ripple. A
//! patch's brightness, freed of its mean and its contrast, tells them whatever was done to the colours; where
//! the likeness is close, the relative shows which colours the picture has for such a thing.

use ndarray::{Array2, Array3};

/// Side of a patch, pixels.
const SIDE: usize = 7;
/// Distance between the patches that are compared, in pixels.
const STRIDE: usize = 2;
/// Patches of less contrast (standard deviation of the brightness, of a range of 2) look like all others.
const FLATTEST: f32 = 0.03;
/// Smallest correlation of patches that count as alike. It has weight 0, and a correlation of 1 has weight 1.
const LEAST: f32 = 0.85;

/// Two patches by their upper left corners, and how much they are alike, above 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Twins {
    /// In the picture that was asked about.
    pub(crate) own: (usize, usize),
    /// In the training picture.
    pub(crate) real: (usize, usize),
    /// 1: the same but for contrast and mean.
    pub(crate) likeness: f64,
}

/// For patches of `picture` inside `place` (`inside` says so for a pixel) the most like one of `real`, if
/// there is one.
pub(crate) fn twins(
    picture: &Array3<f32>,
    real: &Array3<f32>,
    inside: impl Fn(usize, usize) -> bool,
) -> Vec<Twins> {
    let (own, real) = (brightness(picture), brightness(real));
    let candidates = patches(&real, 1, |_, _| true);
    let asked = patches(&own, STRIDE, |y, x| (0..SIDE).all(|dy| (0..SIDE).all(|dx| inside(y + dy, x + dx))));
    let most_like = |(own, patch): &((usize, usize), Patch)| {
        let dot = |other: &Patch| patch.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        let best = candidates.iter().map(|(at, other)| (*at, dot(other)));
        let (real, correlation) = best.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let likeness = f64::from((correlation - LEAST) / (1.0 - LEAST)).min(1.0);
        (likeness > 0.0).then_some(Twins { own: *own, real, likeness })
    };
    asked.iter().filter_map(most_like).collect()
}

/// The pixels of two patches, side by side: (row, column) in the one and in the other.
pub(crate) fn pixels(twins: &Twins) -> impl Iterator<Item = ((usize, usize), (usize, usize))> + use<> {
    let Twins { own, real, .. } = *twins;
    let places = (0..SIDE).flat_map(|dy| (0..SIDE).map(move |dx| (dy, dx)));
    places.map(move |(dy, dx)| ((own.0 + dy, own.1 + dx), (real.0 + dy, real.1 + dx)))
}

type Patch = [f32; SIDE * SIDE];

/// Patches of mean 0 and length 1 with their corners, but for flat ones and those that `wanted` refuses.
fn patches(
    picture: &Array2<f32>,
    stride: usize,
    wanted: impl Fn(usize, usize) -> bool,
) -> Vec<((usize, usize), Patch)> {
    let (h, w) = picture.dim();
    let corners = |n: usize| (0..(n + 1).saturating_sub(SIDE)).step_by(stride);
    let mut list = Vec::new();
    for y in corners(h) {
        for x in corners(w) {
            if !wanted(y, x) {
                continue;
            }
            let mut patch: Patch = std::array::from_fn(|i| picture[[y + i / SIDE, x + i % SIDE]]);
            let mean = patch.iter().sum::<f32>() / patch.len() as f32;
            patch.iter_mut().for_each(|v| *v -= mean);
            let length = patch.iter().map(|v| v * v).sum::<f32>().sqrt();
            if length >= FLATTEST * SIDE as f32 {
                patch.iter_mut().for_each(|v| *v /= length);
                list.push(((y, x), patch));
            }
        }
    }
    list
}

/// Mean of the colours; alpha is none.
fn brightness(picture: &Array3<f32>) -> Array2<f32> {
    let (h, w, channels) = picture.dim();
    let colours = if channels >= 3 { 3 } else { 1 };
    let mean = |(y, x)| (0..colours).map(|c| picture[[y, x, c]]).sum::<f32>() / colours as f32;
    Array2::from_shape_fn((h, w), mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_and_recoloured_is_found_where_it_came_from() {
        let real = Array3::from_shape_fn((30, 40, 3), |(y, x, c)| {
            ((y * y + 3 * x * y + 7 * x) as f32 * 0.37).sin() * 0.5 + 0.1 * c as f32
        });
        let mut picture = real.clone();
        for y in 0..12 {
            for x in 0..12 {
                for c in 0..3 {
                    picture[[y + 15, x + 20, c]] = 0.6 * real[[y + 2, x + 3, c]] - 0.2;
                }
            }
        }
        let inside = |y: usize, x: usize| (15..27).contains(&y) && (20..32).contains(&x);
        let found = twins(&picture, &real, inside);
        assert!(!found.is_empty());
        for t in &found {
            assert_eq!((t.own.0 - t.real.0, t.own.1 - t.real.1), (13, 17));
            assert!(t.likeness > 0.99);
        }
        assert_eq!(pixels(&found[0]).count(), 49);
        // Flat patches resemble every other flat patch, so they tell nothing.
        assert!(twins(&Array3::zeros((20, 20, 3)), &real, |_, _| true).is_empty());
    }
}
