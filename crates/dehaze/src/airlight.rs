//! The airlight of a picture, from its large bright areas.
//!
//! A picture hardly says how bright its airlight is: the haziest place shows a mixture with the scene there, and a sky may be
//! brighter than the airlight or darker. Both estimates here are therefore drawn towards what airlights usually are, by
//! least squares over 180 synthetic hazes (white, blue and warm, levels of 0.7 to 0.95) over 30 outdoor pictures.
//!
//! - The level follows the light above which a tenth of the picture lies. A white object is smaller than that; a large sky is
//!   not, so that the airlight does not come to lie far below it, which would turn the sky white.
//! - The colour is that of the haziest place and of the whole picture, as far as the haze hides the scene: behind thin haze both
//!   show the scene's own colour.

use crate::maps::{Map, brightness, quantile};
use crate::physics::Airlight;
use ndarray::ArrayView3;

/// Share of the pixels that are darker than what counts as a large bright area.
const LARGE: f64 = 0.9;

/// The airlight's level is the first number plus the second times the light of the large bright area.
const LEVEL: (f32, f32) = (0.21, 0.75);

/// Share of the pixels outside the haziest place.
const HAZIEST: f64 = 0.95;

/// How much of the colour of the haziest place and of the whole picture is the airlight's, for a veil that hides everything.
const COLOUR: (f32, f32) = (0.95, 0.57);

/// A usual airlight, by which a veil is divided to know how much it hides before the airlight is known.
const USUAL: f32 = 0.85;

/// The airlight of a picture in [0, 1], given the veil over it as a map of light in [0, 1].
pub(crate) fn large_area_airlight(hazy: ArrayView3<'_, f32>, veil: &Map) -> Airlight {
    let bright = quantile(brightness(hazy).iter().copied(), LARGE);
    let level = (LEVEL.0 + LEVEL.1 * bright).min(1.0);
    let least = quantile(veil.iter().copied(), HAZIEST);
    let (place, whole) = (tint(hazy, |at| veil[at] >= least), tint(hazy, |_| true));
    let haziest = veil.iter().copied().filter(|&v| v >= least);
    let hidden = (haziest.clone().sum::<f32>() / haziest.count().max(1) as f32 / USUAL).clamp(0.0, 1.0);
    let colour: [f32; 3] =
        std::array::from_fn(|c| (hidden * (COLOUR.0 * place[c] + COLOUR.1 * whole[c])).exp());
    let mean = colour.iter().sum::<f32>() / 3.0;
    colour.map(|c| (level * c / mean).clamp(0.05, 1.0))
}

/// The logarithms of the channels' means over their common mean, over the pixels that `counts` says; 0 is gray.
fn tint(hazy: ArrayView3<'_, f32>, counts: impl Fn((usize, usize)) -> bool) -> [f32; 3] {
    let (h, w, channels) = hazy.dim();
    // Something small keeps a channel without light from a logarithm of 0.
    let mut sums = [1e-3f64; 3];
    for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))).filter(|&at| counts(at)) {
        for (c, sum) in sums.iter_mut().enumerate() {
            *sum += f64::from(hazy[[y, x, c.min(channels - 1)]]);
        }
    }
    let mean = sums.iter().sum::<f64>() / 3.0;
    sums.map(|sum| (sum / mean).ln() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::through_haze;
    use ndarray::Array3;

    /// Dark ground with shades below a sky of the given light.
    fn landscape(sky: f32) -> Array3<f32> {
        Array3::from_shape_fn((60, 90, 3), |(y, x, c)| match y {
            0..24 => sky,
            _ => ((y / 3 * 31 + x / 3 * 17) * (c + 3) % 11) as f32 / 22.0,
        })
    }

    /// Haze that grows towards the top.
    fn ramp(beta: f32) -> Map {
        Map::from_shape_fn((60, 90), |(y, _)| (-beta * (1.0 - y as f32 / 60.0)).exp())
    }

    #[test]
    fn a_large_bright_sky_gives_the_airlight() {
        for level in [0.72f32, 0.82, 0.94] {
            let t = ramp(2.0);
            let hazy = through_haze(landscape(level).view(), &t, &[level; 3]);
            let found = large_area_airlight(hazy.view(), &t.mapv(|t| level * (1.0 - t)));
            assert!(found.iter().all(|a| (a - level).abs() < 0.05), "{found:?} is not {level}");
        }
    }

    #[test]
    fn coloured_air_is_not_pulled_to_gray() {
        for airlight in [[0.70f32, 0.80, 0.93], [0.93, 0.84, 0.72]] {
            let t = ramp(2.0);
            let hazy = through_haze(landscape(0.6).view(), &t, &airlight);
            let veil = t.mapv(|t| 0.7 * (1.0 - t));
            let found = large_area_airlight(hazy.view(), &veil);
            let (red_over_blue, truth) = (found[0] / found[2], airlight[0] / airlight[2]);
            assert!((red_over_blue.ln() - truth.ln()).abs() < 0.3 * truth.ln().abs(), "{found:?}");
        }
    }

    #[test]
    fn a_small_white_object_does_not_give_the_airlight() {
        let mut hazy = through_haze(landscape(0.7).view(), &ramp(1.5), &[0.75; 3]);
        let veil = ramp(1.5).mapv(|t| 0.75 * (1.0 - t));
        let before = large_area_airlight(hazy.view(), &veil);
        hazy.slice_mut(ndarray::s![40..46, 30..42, ..]).fill(1.0);
        let after = large_area_airlight(hazy.view(), &veil);
        assert!(before.iter().zip(after).all(|(b, a)| (b - a).abs() < 0.02), "{before:?} became {after:?}");
    }
}
