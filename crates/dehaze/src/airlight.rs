//! The airlight of a picture, from its bright areas.
//!
//! A picture hardly says how bright its airlight is: the haziest place shows a mixture with the scene there,
//! and a sky may be brighter than the airlight or darker. Both estimates here are therefore drawn towards
//! what airlights usually are, by least squares over synthetic hazes (white, blue and warm, levels of 0.7 to
//! 0.95) over 31 outdoor pictures.
//!
//! - The level follows the light above which a fiftieth of the picture lies and the light of the haziest
//!   place. A white object is smaller than a fiftieth; a sky is larger. A quadtree search finds the brightest
//!   even area, and the airlight never lies far below it, which would turn a sky white. `contrast.rs`
//!   corrects the level a little.
//! - The colour is that of the haziest place and of the whole picture, as far as the haze hides the scene:
//!   behind thin haze both show the scene's own colour.

use crate::contrast::level_by_contrast;
use crate::maps::{Map, brightest_channel, brightness, quantile};
use crate::physics::Airlight;
use ndarray::{ArrayView2, ArrayView3, s};

/// Share of the pixels that are darker than what counts as the picture's brightest.
const BRIGHTEST: f64 = 0.98;

/// The airlight's level is the first number, plus the second times the brightest channel of the brightest
/// pixels, plus the third times the light of the haziest place.
const LEVEL: (f32, f32, f32) = (0.276, 0.53, 0.15);

/// Airlights are hardly ever darker by day. It matters for scenes that are dark all over, a night sky for
/// instance, whose brightest pixels say nothing about the airlight.
const LEAST_LEVEL: f32 = 0.72;

/// How far the airlight may lie below the brightest even area.
const BELOW_SKY: f32 = 0.03;

/// Side of the smallest area in the search for the brightest even one, in pixels of the small picture.
const LEAST_AREA: usize = 8;

/// Share of the pixels outside the haziest place.
const HAZIEST: f64 = 0.95;

/// How much of the colour of the haziest place and of the whole picture is the airlight's, for a veil that
/// hides everything.
const COLOUR: (f32, f32) = (0.75, 0.5);

/// A usual airlight, by which a veil is divided to know how much it hides before the airlight is known.
const USUAL: f32 = 0.85;

/// The airlight of a picture in [0, 1], given the veil over it as a map of light in [0, 1].
pub(crate) fn bright_area_airlight(hazy: ArrayView3<'_, f32>, veil: &Map) -> Airlight {
    let least = quantile(veil.iter().copied(), HAZIEST);
    let haziest = veil.iter().copied().filter(|&v| v >= least);
    let haze = haziest.clone().sum::<f32>() / haziest.count().max(1) as f32;
    let bright = quantile(brightest_channel(hazy).iter().copied(), BRIGHTEST);
    let light = brightness(hazy);
    let usual = (LEVEL.0 + LEVEL.1 * bright + LEVEL.2 * haze).clamp(LEAST_LEVEL, 1.0);
    let sky = brightest_even_area(light.view());
    let level = level_by_contrast(&light, veil, usual).max(sky - BELOW_SKY);
    let (place, whole) = (tint(hazy, |at| veil[at] >= least), tint(hazy, |_| true));
    let hidden = (haze / USUAL).clamp(0.0, 1.0);
    let colour: [f32; 3] =
        std::array::from_fn(|c| (hidden * (COLOUR.0 * place[c] + COLOUR.1 * whole[c])).exp());
    let mean = colour.iter().sum::<f32>() / 3.0;
    colour.map(|c| (level * c / mean).clamp(0.05, 1.0))
}

/// The mean light of the area that a quadtree search ends at: of the four quarters of an area it goes on with
/// the one whose mean less its standard deviation is the largest, which a sky has and a white object in front
/// of shades has not.
fn brightest_even_area(light: ArrayView2<'_, f32>) -> f32 {
    let mut area = light;
    while area.dim().0.min(area.dim().1) >= 2 * LEAST_AREA {
        let (h, w) = (area.dim().0 / 2, area.dim().1 / 2);
        let quarters = [s![..h, ..w], s![..h, w..], s![h.., ..w], s![h.., w..]].map(|q| area.slice_move(q));
        let score = |q: &ArrayView2<'_, f32>| q.mean().unwrap_or(0.0) - q.std(0.0);
        let [first, rest @ ..] = quarters;
        area = rest.into_iter().fold(first, |best, q| if score(&q) > score(&best) { q } else { best });
    }
    area.mean().unwrap_or(0.0)
}

/// The logarithms of the channels' means over their common mean, over the pixels that `counts` says; 0 is
/// gray.
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
            let found = bright_area_airlight(hazy.view(), &t.mapv(|t| level * (1.0 - t)));
            assert!(found.iter().all(|a| (a - level).abs() < 0.05), "{found:?} is not {level}");
        }
    }

    #[test]
    fn the_airlight_never_lies_far_below_a_bright_sky() {
        for sky in [0.9f32, 0.95, 1.0] {
            let found = bright_area_airlight(landscape(sky).view(), &Map::from_elem((60, 90), 0.1));
            assert!(found.iter().all(|a| *a >= sky - BELOW_SKY - 1e-4), "{found:?} is below {sky}");
        }
    }

    #[test]
    fn coloured_air_is_not_pulled_to_gray() {
        for airlight in [[0.70f32, 0.80, 0.93], [0.93, 0.84, 0.72]] {
            let t = ramp(2.0);
            let hazy = through_haze(landscape(0.6).view(), &t, &airlight);
            let veil = t.mapv(|t| 0.7 * (1.0 - t));
            let found = bright_area_airlight(hazy.view(), &veil);
            let (red_over_blue, truth) = (found[0] / found[2], airlight[0] / airlight[2]);
            assert!((red_over_blue.ln() - truth.ln()).abs() < 0.3 * truth.ln().abs(), "{found:?}");
        }
    }

    #[test]
    fn a_small_white_object_does_not_give_the_airlight() {
        let mut hazy = through_haze(landscape(0.7).view(), &ramp(1.5), &[0.75; 3]);
        let veil = ramp(1.5).mapv(|t| 0.75 * (1.0 - t));
        let before = bright_area_airlight(hazy.view(), &veil);
        hazy.slice_mut(ndarray::s![40..46, 30..42, ..]).fill(1.0);
        let after = bright_area_airlight(hazy.view(), &veil);
        assert!(before.iter().zip(after).all(|(b, a)| (b - a).abs() < 0.02), "{before:?} became {after:?}");
    }
}
