//! The airlight's level from the contrast that it leaves.
//!
//! Haze takes away contrast in proportion to the light that it adds. With the right level, the contrast of
//! the picture behind the haze says nothing about the haze that was in front of it. In pictures whose texture
//! is the same everywhere this is a strong hint; in most others it is a weak one, because a sky has no
//! texture of its own.

use crate::maps::{Map, quantile};
use crate::prior::plain_transmission;
use ndarray::{ArrayView2, s};

/// Standard deviation of airlights around the usual one for a picture.
const SPREAD: f64 = 0.055;

/// Independent places in a picture as far as contrast goes; more would trust the contrast more.
const PLACES: f64 = 5.0;

/// Blocks along the longer side in which contrast is measured.
const BLOCKS: usize = 12;

/// Share of the veil's least value that is the scene's.
const SCENE: f64 = 0.3;

/// The level near `usual` with which the contrast behind the haze tells least of the veil, a map of light.
pub(crate) fn level_by_contrast(brightness: &Map, veil: &Map, usual: f32) -> f32 {
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
    let scene = SCENE * f64::from(quantile(veil.iter().copied(), 0.005));
    let cost = |level: f64| {
        let behind = veils.iter().zip(&contrasts).map(|(&veil, contrast)| {
            contrast - f64::from(plain_transmission((veil / level) as f32, (scene / level) as f32)).ln()
        });
        let explained = squared_correlation(&veils, &behind.collect::<Vec<_>>());
        // Minus the logarithm of the two likelihoods.
        -0.5 * PLACES * (1.0 - explained).ln() + 0.5 * ((level - f64::from(usual)) / SPREAD).powi(2)
    };
    let levels = (50..=100).map(|percent| f64::from(percent) / 100.0);
    levels.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).map_or(usual, |level| level as f32)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_texture_behind_haze_shows_the_level() {
        for level in [0.75f32, 0.92] {
            let t = Map::from_shape_fn((60, 90), |(_, x)| (-1.8 * x as f32 / 90.0).exp());
            let texture = |(y, x): (usize, usize)| ((y * 31 + x * 17) % 7) as f32 / 14.0;
            let light = Map::from_shape_fn((60, 90), |at| texture(at) * t[at] + level * (1.0 - t[at]));
            let found = level_by_contrast(&light, &t.mapv(|t| level * (1.0 - t)), 0.83);
            assert!((found - level).abs() < 0.5 * (0.83 - level).abs(), "{found} is not {level}");
        }
    }

    #[test]
    fn without_contrast_the_level_is_the_usual_one() {
        let even = Map::from_elem((60, 90), 0.6);
        assert!((level_by_contrast(&even, &even, 0.83) - 0.83).abs() < 0.006);
    }
}
