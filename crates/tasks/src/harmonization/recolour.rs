//! Pasted and recoloured places: what the quick preset learns to undo.
//!
//! The paper's augmentation teaches the critic's taste alone: a fake that was made from a changed picture
//! must look real. Here a picture that was recoloured in a place must also give back the picture that it was,
//! which says outright which colours belong to what. In most examples a part of the picture was pasted
//! elsewhere before, so that not what stands around a place but what is in it tells its colours.

use super::colour::on_colours;
use crate::draws::Draws;
use ndarray::{Array2, Array3, s};

/// Probability that nothing is changed, because the network must also learn to keep what is right.
const UNTOUCHED: f64 = 0.1;

/// Probability that the whole picture is recoloured, so that its surroundings give no hint.
const EVERYWHERE: f64 = 0.25;

/// Probability that a part of the picture is pasted elsewhere before.
const PASTED: f64 = 0.75;

/// Probability that the pasted part is recoloured, and not some other place.
const SAME_PLACE: f64 = 0.7;

/// A part of a picture that is pasted elsewhere, all relative to the picture's sides: top and left of where
/// it is taken and where it goes, height and width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    from: (f64, f64),
    to: (f64, f64),
    sides: (f64, f64),
}

impl Patch {
    /// One, or none.
    pub(crate) fn draw(draws: &mut Draws) -> Option<Self> {
        if !draws.chance(PASTED) {
            return None;
        }
        let mut axis = || {
            let side = draws.between(0.2, 0.7);
            (draws.between(0.0, 1.0 - side), draws.between(0.0, 1.0 - side), side)
        };
        let ((y, to_y, height), (x, to_x, width)) = (axis(), axis());
        Some(Self { from: (y, x), to: (to_y, to_x), sides: (height, width) })
    }

    /// Pastes the part in a picture of any size.
    pub(crate) fn paste(&self, pixels: &mut Array3<f32>) {
        let (h, w, _) = pixels.dim();
        let [(y, to_y, height), (x, to_x, width)] = self.at((h, w));
        let part = pixels.slice(s![y..y + height, x..x + width, ..]).to_owned();
        pixels.slice_mut(s![to_y..to_y + height, to_x..to_x + width, ..]).assign(&part);
    }

    /// A mask for a picture of this size: 1 where the part is pasted, 0 elsewhere.
    fn place(&self, size: (usize, usize)) -> Array2<f32> {
        let [(_, y, height), (_, x, width)] = self.at(size);
        let mut place = Array2::zeros(size);
        place.slice_mut(s![y..y + height, x..x + width]).fill(1.0);
        place
    }

    /// For rows and columns of a picture of this size: where from, where to, how many.
    fn at(&self, (h, w): (usize, usize)) -> [(usize, usize, usize); 2] {
        let at = |share: f64, n: usize| (share * n as f64).round() as usize;
        let axis = |n: usize, from: f64, to: f64, side: f64| {
            let side = at(side, n).clamp(1, n);
            (at(from, n).min(n - side), at(to, n).min(n - side), side)
        };
        [axis(h, self.from.0, self.to.0, self.sides.0), axis(w, self.from.1, self.to.1, self.sides.1)]
    }
}

/// A change of colours, such as harmonization learns to undo: `matrix * colour^gamma + offset`, with colours
/// as red, green and blue in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recolouring {
    /// The exponent on each value, above 0; 1 changes nothing.
    pub gamma: f64,
    /// The matrix that multiplies the colour after the exponent, row by row.
    pub matrix: [[f64; 3]; 3],
    /// What is added to it.
    pub offset: [f64; 3],
}

impl Recolouring {
    /// Draws a random change of brightness, contrast, tint, hue and saturation. Some are strong, most are
    /// moderate.
    pub(crate) fn draw(draws: &mut Draws) -> Self {
        let strength = draws.between(0.3, 1.2);
        // Each of these changes is left out with probability 1/2, so that the network sees each of them alone
        // as well.
        let mut around = |spread: f64| {
            let by = strength * draws.between(-spread, spread);
            if draws.chance(0.5) { by } else { 0.0 }
        };
        let (saturation, hue) = (1.0 + around(0.8), around(1.2));
        let gains: [f64; 3] = std::array::from_fn(|_| around(0.35).exp());
        let (light, gamma) = (around(0.35).exp(), around(0.5).exp());
        let offset: [f64; 3] = std::array::from_fn(|_| around(0.15));
        let turned = Self::turn(hue, saturation);
        let matrix = std::array::from_fn(|i| std::array::from_fn(|j| light * gains[i] * turned[i][j]));
        Self { gamma, matrix, offset }
    }

    /// The matrix that turns colours around the gray axis by `hue` radians and multiplies their distance from
    /// it.
    pub fn turn(hue: f64, saturation: f64) -> [[f64; 3]; 3] {
        let (sin, cos) = (hue.sin() * saturation / 3f64.sqrt(), hue.cos() * saturation);
        let (same, next, last) = ((1.0 + 2.0 * cos) / 3.0, (1.0 - cos) / 3.0 - sin, (1.0 - cos) / 3.0 + sin);
        [[same, next, last], [last, same, next], [next, last, same]]
    }

    /// Recolours a picture, height x width x channels in [-1, 1]; what leaves the range is cut off, alpha
    /// stays. Of a gray picture the three colours are equal, and become their mean.
    pub fn apply(&self, pixels: &mut Array3<f32>) {
        on_colours(pixels, |colour| self.of(colour));
    }

    fn of(&self, colour: [f64; 3]) -> [f64; 3] {
        let raised = colour.map(|v| v.max(0.0).powf(self.gamma));
        std::array::from_fn(|i| {
            self.offset[i] + self.matrix[i].iter().zip(raised).map(|(m, v)| m * v).sum::<f64>()
        })
    }
}

/// Recolours a place of a picture (height x width x channels in [-1, 1]) as `draws` say: mostly the patch
/// that was pasted in it.
pub(crate) fn recolour(pixels: &mut Array3<f32>, patch: Option<&Patch>, draws: &mut Draws) {
    if draws.chance(UNTOUCHED) {
        return;
    }
    let recolouring = Recolouring::draw(draws);
    let (h, w, _) = pixels.dim();
    let same = draws.chance(SAME_PLACE);
    let place = match patch.filter(|_| same) {
        Some(patch) => patch.place((h, w)),
        None => place((h, w), draws),
    };
    let mut changed = pixels.clone();
    recolouring.apply(&mut changed);
    for ((y, x, c), value) in pixels.indexed_iter_mut() {
        *value += place[[y, x]] * (changed[[y, x, c]] - *value);
    }
}

/// How much of each pixel is recoloured: a rectangle or an ellipse of a fifth to four fifths of each side, or
/// all.
fn place((h, w): (usize, usize), draws: &mut Draws) -> Array2<f32> {
    if draws.chance(EVERYWHERE) {
        return Array2::ones((h, w));
    }
    let round = draws.chance(0.5);
    let mut side = |n: usize| {
        let half = n as f64 * draws.between(0.1, 0.4);
        (draws.between(0.5 * half, n as f64 - 0.5 * half), half)
    };
    let ((cy, ry), (cx, rx)) = (side(h), side(w));
    Array2::from_shape_fn((h, w), |(y, x)| {
        let (dy, dx) = (((y as f64 + 0.5 - cy) / ry).abs(), ((x as f64 + 0.5 - cx) / rx).abs());
        let distance = if round { dy.hypot(dx) } else { dy.max(dx) };
        // An edge of about a pixel, as the edge of a mask has at this size.
        ((1.0 - distance) * ry.min(rx) + 0.5).clamp(0.0, 1.0) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use train::Moment;

    #[test]
    fn turning_by_nothing_changes_nothing_and_grays_stay_gray() {
        for (row, expected) in
            Recolouring::turn(0.0, 1.0).iter().zip([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        {
            assert!(row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
        }
        for row in Recolouring::turn(0.9, 1.7) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // A third of a turn makes red green.
        let third = Recolouring::turn(std::f64::consts::TAU / 3.0, 1.0);
        assert!((third[1][0] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_paste_is_the_same_at_every_size_and_recolouring_stays_in_it() {
        let picture = |scale: usize| {
            Array3::from_shape_fn((20 * scale, 30 * scale, 1), |(y, x, _)| {
                ((y / scale) * 30 + x / scale) as f32 / 600.0 - 0.5
            })
        };
        let mut recoloured = 0;
        for iteration in 0..40 {
            let moment = Moment::training(2, 0, iteration);
            let mut draws = Draws::new(moment, 1);
            let Some(patch) = Patch::draw(&mut draws) else { continue };
            let (mut small, mut large) = (picture(1), picture(4));
            patch.paste(&mut small);
            patch.paste(&mut large);
            // Up to rounding: at most the borders' pixels differ.
            let differ = small
                .indexed_iter()
                .filter(|((y, x, _), v)| (large[[4 * y + 2, 4 * x + 2, 0]] - *v).abs() > 0.06);
            assert!(differ.count() < 120, "iteration {iteration}");
            let before = small.clone();
            recolour(&mut small, Some(&patch), &mut draws);
            assert!(small.iter().all(|v| (-1.0..=1.0).contains(v)));
            recoloured += usize::from(small != before);
        }
        assert!(recoloured > 20, "{recoloured} were recoloured");
    }
}
