//! The estimate of a picture's haze before any network: a cautious version of the dark channel prior.
//!
//! The dark channel prior assumes that every patch contains something black, and takes white walls and gray roads for haze. Three
//! changes make it err towards too little haze:
//!
//! - Haze varies slowly over a picture. Instead of the minimum of each patch, the *veil* is a smooth surface below which lies a
//!   hundredth of the pixels around each place. A white object does not raise it if anything dark is near.
//! - The light that remains where the haze is least may be haze everywhere, or a scene without black. Most of it is attributed
//!   to the scene.
//! - Haze removes contrast in proportion to the light that it adds. The airlight is the one for which the contrast of the scene
//!   depends least on the haze before it, near the usual values of airlights. A white object is not taken for it because it is
//!   bright.

use crate::maps::{Map, brightness, mean, quantile};
use crate::physics::{Airlight, LEAST_TRANSMISSION, most_haze};
use ndarray::{ArrayView1, ArrayView2, ArrayView3, Axis, Zip, s};

/// Share of pixels below the veil.
const BELOW: f32 = 0.01;

/// Width of the veil's smoothness (a Gaussian's sigma) as a share of the longer side.
const SMOOTHNESS: f64 = 0.12;

/// Share of pixels that are darker than what counts as the scene's darkest.
const DARKEST: f64 = 0.005;

/// How much of the darkest pixels' light is the scene's, as an exponent, in gray and in colourful pictures, which have
/// something dark in some channel more often; the rest is taken for haze all over.
const SCENE: (f32, f32) = (0.7, 0.55);

/// Transmissions fall towards this and hardly below; it is also what keeps errors in the airlight from being blown up.
const FLOOR: f32 = 0.16;

/// Exponent on the transmission: a little haze is left rather than taking too much.
const CAUTION: f32 = 0.98;

/// Usual airlights: mean and standard deviation.
const USUAL: (f64, f64) = (0.85, 0.09);

/// Independent places in a picture as far as contrast goes; more would trust the contrast more.
const PLACES: f64 = 12.0;

/// Blocks along the longer side in which contrast is measured.
const BLOCKS: usize = 12;

/// The estimate.
pub(crate) struct Prior {
    pub(crate) airlight: Airlight,
    pub(crate) transmission: Map,
}

impl Prior {
    /// Estimates the haze of a picture in [0, 1]. The time is proportional to its pixels, so it should be
    /// small.
    pub(crate) fn estimate(hazy: ArrayView3<'_, f32>) -> Self {
        let darkest_channel = most_haze(hazy, &[1.0; 3]);
        let veil = lower_surface(&darkest_channel);
        let darkest = quantile(darkest_channel.iter().copied(), DARKEST);
        let scene = 1.0 - (1.0 - darkest).powf(SCENE.0 + (SCENE.1 - SCENE.0) * colourfulness(hazy));
        let level = airlight_level(&brightness(hazy), &veil, scene);
        let transmission = veil.mapv(|veil| cautious(plain_transmission(veil / level, scene / level)));
        Self { airlight: tinted(hazy, &veil, level), transmission }
    }
}

/// The transmission that the model of haze gives, from the veil and the scene's darkest light as shares of the airlight.
fn plain_transmission(veil: f32, scene: f32) -> f32 {
    ((1.0 - veil) / (1.0 - scene.clamp(0.0, 0.9))).clamp(0.05, 1.0)
}

/// Raises a transmission as a precaution, the more the smaller it is.
fn cautious(t: f32) -> f32 {
    (t + FLOOR * (-t / FLOOR).exp()).clamp(LEAST_TRANSMISSION, 1.0).powf(CAUTION)
}

/// From 0, gray, to 1, for most colour photographs: the mean difference of the channels over the picture's contrast, both
/// of which haze takes away alike.
fn colourfulness(hazy: ArrayView3<'_, f32>) -> f32 {
    let range = |pixel: ArrayView1<'_, f32>| {
        pixel.iter().copied().fold(0.0, f32::max) - pixel.iter().copied().fold(1.0, f32::min)
    };
    let colour = hazy.map_axis(Axis(2), range).mean().unwrap_or(0.0);
    let contrast = brightness(hazy).std(0.0);
    ((colour / contrast.max(1e-3) - 0.1) / 0.4).clamp(0.0, 1.0)
}

/// A smooth surface with the share [`BELOW`] of the pixels around each place below it: steps along the smoothed gradient of
/// the quantile loss (Koenker and Bassett, "Regression quantiles", 1978).
fn lower_surface(map: &Map) -> Map {
    const STEPS: usize = 300;
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

/// The airlight with which the contrast of the picture behind the haze tells least of the veil.
fn airlight_level(brightness: &Map, veil: &Map, scene: f32) -> f32 {
    let (h, w) = brightness.dim();
    let steps = Map::from_shape_fn((h, w), |(y, x)| {
        let here = brightness[[y, x]];
        (brightness[[y, (x + 1).min(w - 1)]] - here).abs()
            + (brightness[[(y + 1).min(h - 1), x]] - here).abs()
    });
    let side = (h.max(w) / BLOCKS).max(3);
    // A little is added so that blocks without any contrast do not count for more than all others.
    let contrasts: Vec<f64> = block_means(steps.view(), side).map(|c| (c + 0.003).ln()).collect();
    let veils: Vec<f64> = block_means(veil.view(), side).collect();
    let cost = |level: f64| {
        let behind = veils.iter().zip(&contrasts).map(|(&veil, contrast)| {
            contrast - f64::from(plain_transmission((veil / level) as f32, scene / level as f32)).ln()
        });
        let explained = squared_correlation(&veils, &behind.collect::<Vec<_>>());
        // Minus the logarithm of the two likelihoods.
        -0.5 * PLACES * (1.0 - explained).ln() + 0.5 * ((level - USUAL.0) / USUAL.1).powi(2)
    };
    let levels = (50..=100).map(|percent| f64::from(percent) / 100.0);
    levels.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(USUAL.0) as f32
}

/// The means of blocks of about `side` pixels, row by row.
fn block_means(map: ArrayView2<'_, f32>, side: usize) -> impl Iterator<Item = f64> {
    let (h, w) = map.dim();
    let (rows, columns) = (h.div_ceil(side), w.div_ceil(side));
    (0..rows * columns).map(move |i| {
        let (y, x) = (i / columns, i % columns);
        let block = map.slice(s![y * h / rows..(y + 1) * h / rows, x * w / columns..(x + 1) * w / columns]);
        block.iter().map(|&v| f64::from(v)).sum::<f64>() / block.len() as f64
    })
}

fn squared_correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
        xy += (x - mx) * (y - my);
    }
    // Without any variation there is nothing to correlate.
    if xx < 1e-9 || yy < 1e-9 { 0.0 } else { (xy * xy / (xx * yy)).min(0.999) }
}

/// The airlight in the tint of the haziest twentieth of the picture, as far as the haze hides the scene there.
fn tinted(hazy: ArrayView3<'_, f32>, veil: &Map, level: f32) -> Airlight {
    let channels = hazy.dim().2;
    let haziest = quantile(veil.iter().copied(), 0.95);
    let mut sums = [0f64; 3];
    for ((y, x), &veil) in veil.indexed_iter() {
        if veil >= haziest {
            for (c, sum) in sums.iter_mut().enumerate() {
                *sum += f64::from(hazy[[y, x, c.min(channels - 1)]]);
            }
        }
    }
    let mean = sums.iter().sum::<f64>() / 3.0;
    if mean <= 0.0 {
        return [level; 3];
    }
    let hidden = (haziest / level).clamp(0.0, 1.0).powi(2);
    sums.map(|sum| (level * (1.0 + hidden * ((sum / mean) as f32 - 1.0))).clamp(0.05, 1.0))
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
            assert!((prior.airlight[1] - level).abs() < 0.1, "{:?} is not {level}", prior.airlight);
        }
        let untouched = Prior::estimate(clear.view()).transmission;
        assert!(untouched.iter().all(|&t| t > 0.85), "{untouched:?}");
    }
}
