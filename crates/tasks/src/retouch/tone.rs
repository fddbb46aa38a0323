//! The one tone of a drawing: in a picture whose colours follow from their lightness, such as ink, pencil or sepia, a
//! pasted object must have the same.

use nalgebra::{Matrix3, Vector3};
use ndarray::{Array3, Axis};

/// A picture has one tone if its colours differ from those that follow from their lightness by less than this root mean
/// square, of a range of 2. That of a JPEG of a gray picture is a tenth of it.
const NOISE: f64 = 0.03;

/// The colours of a picture as functions of their lightness.
#[derive(Debug)]
pub(crate) struct Tone {
    /// For red, green and blue: the factors of 1, lightness and its square.
    curves: [Vector3<f64>; 3],
}

impl Tone {
    /// That of a picture, height x width x channels; `None` where there are several tones, or no colours at all.
    pub(crate) fn of(picture: &Array3<f32>) -> Option<Self> {
        if picture.dim().2 < 3 {
            return None;
        }
        let (mut squares, mut products) = (Matrix3::zeros(), [Vector3::zeros(); 3]);
        for pixel in picture.lanes(Axis(2)) {
            let powers = powers([pixel[0], pixel[1], pixel[2]]);
            squares += powers * powers.transpose();
            (0..3).for_each(|c| products[c] += powers * f64::from(pixel[c]));
        }
        // A picture of one lightness has no unique curve; the smallest one will do.
        squares += Matrix3::identity() * 1e-6 * squares.trace();
        let inverse = squares.try_inverse()?;
        let tone = Self { curves: products.map(|products| inverse * products) };
        let error = |pixel: ndarray::ArrayView1<'_, f32>| {
            let own = [pixel[0], pixel[1], pixel[2]];
            let toned = tone.apply(own);
            (0..3).map(|c| f64::from(own[c] - toned[c]).powi(2)).sum::<f64>()
        };
        let (count, sum) =
            picture.lanes(Axis(2)).into_iter().map(error).fold((0.0, 0.0), |(n, s), e| (n + 3.0, s + e));
        (sum / f64::max(count, 1.0) < NOISE * NOISE).then_some(tone)
    }

    /// The colour of this tone that is as light.
    pub(crate) fn apply(&self, colour: [f32; 3]) -> [f32; 3] {
        let powers = powers(colour);
        [0, 1, 2].map(|c| self.curves[c].dot(&powers) as f32)
    }

    /// Gives a whole picture the tone.
    pub(crate) fn tint(&self, picture: &mut Array3<f32>) {
        for mut pixel in picture.lanes_mut(Axis(2)) {
            let toned = self.apply([pixel[0], pixel[1], pixel[2]]);
            (0..3).for_each(|c| pixel[c] = toned[c]);
        }
    }
}

/// 1, the luma of BT.601 and its square.
fn powers([r, g, b]: [f32; 3]) -> Vector3<f64> {
    let luma = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    Vector3::new(1.0, luma, luma * luma)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(tint: [f32; 3]) -> Array3<f32> {
        Array3::from_shape_fn((30, 40, 3), |(y, x, c)| {
            let ink = ((x as f32 * 0.7).sin() * (y as f32 * 0.4).cos()).abs();
            ink * tint[c] - 0.2 * (1.0 - tint[c])
        })
    }

    #[test]
    fn a_coloured_paste_takes_the_tone_of_a_drawing() {
        for tint in [[1.0, 1.0, 1.0], [0.95, 0.8, 0.55]] {
            let picture = drawing(tint);
            let tone = Tone::of(&picture).expect("one tone");
            let mut paste = Array3::from_shape_fn((4, 4, 3), |(y, x, c)| [0.9, -0.6, 0.1][(c + x + y) % 3]);
            tone.tint(&mut paste);
            let mut both = picture.clone();
            both.slice_mut(ndarray::s![..4, ..4, ..]).assign(&paste);
            assert!(Tone::of(&both).is_some(), "{tint:?}");
        }
    }

    #[test]
    fn a_picture_in_colour_has_no_tone() {
        let picture = Array3::from_shape_fn((30, 40, 3), |(y, x, c)| ((x * (c + 1) + y) as f32 / 9.0).sin());
        assert!(Tone::of(&picture).is_none());
        assert!(Tone::of(&Array3::zeros((5, 5, 1))).is_none());
    }
}
