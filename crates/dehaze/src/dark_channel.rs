//! The dark channel prior with a guided filter: the method to compare with.
//!
//! He, Sun and Tang, "Single image haze removal using dark channel prior", CVPR 2009, and "Guided image filtering", ECCV
//! 2010: in most patches of a clear picture some pixel is dark in some channel, so that what light there is in a patch's
//! darkest channel is airlight.

use crate::Result;
use crate::maps::{Guided, Map, brightness, least};
use crate::physics::{Airlight, most_haze};
use ndarray::{ArrayView3, Axis};

/// Share of the estimated haze that is removed. The rest keeps the impression of distance.
const OMEGA: f32 = 0.95;

/// Side of the patches in the paper, and the longer side of its pictures.
const PATCH: (f64, f64) = (15.0, 600.0);

/// The guided filter's tolerance, as a variance of values in [0, 1].
const EPS: f32 = 1e-3;

/// Airlight and transmission of a picture in [0, 1].
pub(crate) fn dark_channel_prior(hazy: ArrayView3<'_, f32>) -> Result<(Airlight, Map)> {
    let (h, w, _) = hazy.dim();
    let radius = patch_radius((h, w));
    let airlight = brightest_haze(hazy, radius);
    let rough = least(most_haze(hazy, &airlight).view(), radius).mapv(|haze| 1.0 - OMEGA * haze);
    let guide = brightness(hazy);
    // Four patches: the paper's windows are several times as large as its patches.
    let t = Guided::fit(&guide, &rough, 4 * (2 * radius + 1), EPS).apply(&guide)?;
    Ok((airlight, t.mapv(|t| t.clamp(0.0, 1.0))))
}

/// Half of the paper's patch, at this picture's size.
pub(crate) fn patch_radius((h, w): (usize, usize)) -> usize {
    ((PATCH.0 * h.max(w) as f64 / PATCH.1 - 1.0) / 2.0).round().max(1.0) as usize
}

/// The brightest pixel among the thousandth with the brightest dark channel.
pub(crate) fn brightest_haze(hazy: ArrayView3<'_, f32>, radius: usize) -> Airlight {
    let dark = least(most_haze(hazy, &[1.0; 3]).view(), radius);
    let mut order: Vec<(f32, usize)> = dark.iter().copied().zip(0..).collect();
    // Ties go to the first pixel, so that the order is always the same one.
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let width = hazy.dim().1;
    let mut best = ([0.0; 3], -1.0);
    for &(_, i) in &order[..(order.len() / 1000).max(1)] {
        let pixel = hazy.index_axis(Axis(0), i / width).index_axis_move(Axis(0), i % width);
        let sum: f32 = pixel.iter().sum();
        if sum > best.1 {
            let last = pixel.len() - 1;
            best = (std::array::from_fn(|c| pixel[c.min(last)]), sum);
        }
    }
    best.0
}
