//! The estimate of a picture's haze before any network: a cautious version of the dark channel prior.
//!
//! The dark channel prior assumes that every patch contains something black, and takes white walls and gray
//! roads for haze. Three changes make it err towards too little haze:
//!
//! - Haze varies slowly over a picture. Instead of the minimum of each patch, the *veil* is a smooth surface
//!   below which lies a hundredth of the pixels around each place. A white object does not raise it if
//!   anything dark is near.
//! - The light that remains where the haze is least may be haze everywhere, or a scene without black.
//!   `scene.rs` says how much is the scene's.
//! - The airlight comes from `airlight.rs`, which looks at areas, so that a white object is not taken for it.

use crate::airlight::bright_area_airlight;
use crate::maps::{Map, mean, quantile};
use crate::physics::{Airlight, LEAST_TRANSMISSION, most_haze};
use crate::scene::light_of_the_scene;
use ndarray::{ArrayView3, Zip};

/// Share of pixels below the veil.
const BELOW: f32 = 0.0075;

/// Width of the veil's smoothness (a Gaussian's sigma) as a share of the longer side.
const SMOOTHNESS: f64 = 0.2;

/// Steps of the descent to the veil. It begins at the value of the whole picture and rises by at most
/// [`BELOW`] a step, so that this many keep it from rising all the way to a bright sky without anything dark
/// in it, whose light is not all haze.
const STEPS: usize = 300;

/// Transmissions fall towards this and hardly below; it is also what keeps errors in the airlight from being
/// blown up.
const FLOOR: f32 = 0.1;

/// The estimate.
pub(crate) struct Prior {
    pub(crate) airlight: Airlight,
    pub(crate) transmission: Map,
}

impl Prior {
    /// Estimates the haze of a picture in [0, 1]. The time is proportional to its pixels, so it should be
    /// small.
    pub(crate) fn estimate(hazy: ArrayView3<'_, f32>) -> Self {
        // The haziest places must be known before the airlight, and the airlight before the share that it has
        // in a pixel.
        let rough = lower_surface(&most_haze(hazy, &[1.0; 3]));
        let airlight = bright_area_airlight(hazy, &rough);
        let shares = most_haze(hazy, &airlight);
        let veil = lower_surface(&shares);
        let scene = light_of_the_scene(hazy, &shares, &veil);
        let transmission = veil.mapv(|veil| cautious(plain_transmission(veil, scene)));
        Self { airlight, transmission }
    }
}

/// The transmission that the model of haze gives, from the veil and the scene's darkest light as shares of
/// the airlight.
pub(crate) fn plain_transmission(veil: f32, scene: f32) -> f32 {
    ((1.0 - veil) / (1.0 - scene.clamp(0.0, 0.9))).clamp(0.05, 1.0)
}

/// Raises a transmission as a precaution, the more the smaller it is.
fn cautious(t: f32) -> f32 {
    (t + FLOOR * (-t / FLOOR).exp()).clamp(LEAST_TRANSMISSION, 1.0)
}

/// A smooth surface with the share [`BELOW`] of the pixels around each place below it: steps along the
/// smoothed gradient of the quantile loss (Koenker and Bassett, "Regression quantiles", 1978).
fn lower_surface(map: &Map) -> Map {
    let sigma = SMOOTHNESS * map.dim().0.max(map.dim().1) as f64;
    let mut surface = Map::from_elem(map.dim(), quantile(map.iter().copied(), f64::from(BELOW)));
    for step in 0..STEPS {
        let rate = 0.4 * (1.0 - step as f32 / STEPS as f32) + 0.01;
        let uphill = Zip::from(map).and(&surface).map_collect(|m, s| if m > s { BELOW } else { BELOW - 1.0 });
        surface = surface + smooth(&uphill, sigma) * rate;
    }
    surface.mapv(|v| v.clamp(0.0, 1.0))
}

/// Three box means, which together are nearly a Gaussian of `sigma` pixels.
fn smooth(map: &Map, sigma: f64) -> Map {
    let radius = ((((4.0 * sigma * sigma) + 1.0).sqrt() - 1.0) / 2.0).round().max(1.0) as usize;
    let mut out = mean(map.view(), radius);
    for _ in 0..2 {
        out = mean(out.view(), radius);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::Map;
    use crate::physics::through_haze;
    use ndarray::Array3;

    /// Blocks of many colours, black among them.
    fn scene() -> Array3<f32> {
        Array3::from_shape_fn((60, 90, 3), |(y, x, c)| {
            let block = (y / 5) * 31 + (x / 5) * 17;
            let shade = ((y * 13 + x * 7) % 5) as f32 / 25.0;
            ((block * (c + 3)) % 11) as f32 / 13.0 + shade * 0.5
        })
    }

    #[test]
    fn the_veil_lies_below_nearly_all_pixels() {
        let map = most_haze(scene().view(), &[1.0; 3]).mapv(|v| v + 0.1);
        let surface = lower_surface(&map);
        let below = map.iter().zip(&surface).filter(|(m, s)| m < s).count() as f64 / map.len() as f64;
        assert!(below < 0.08, "{below}");
        assert!(surface.iter().all(|&s| s > 0.05 && s < 0.35), "{surface:?}");
    }

    #[test]
    fn haze_over_a_scene_is_found() {
        let clear = scene();
        let t = Map::from_shape_fn((60, 90), |(_, x)| (-1.2 * x as f32 / 90.0).exp());
        for level in [0.75f32, 0.95] {
            let prior = Prior::estimate(through_haze(clear.view(), &t, &[level; 3]).view());
            let error = (&prior.transmission - &t).mapv(f32::abs).mean().unwrap_or(1.0);
            assert!(error < 0.1, "transmission is off by {error}");
            // Nothing large and bright is here to show the airlight, which is then taken for a usual one.
            assert!((prior.airlight[1] - level).abs() < 0.15, "{:?} is not {level}", prior.airlight);
        }
        let untouched = Prior::estimate(clear.view()).transmission;
        assert!(untouched.iter().all(|&t| t > 0.85), "{untouched:?}");
    }
}
