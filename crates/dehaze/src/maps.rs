//! Maps with one number per pixel: minima and means over windows, the guided filter, and resizing.

use crate::Result;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use pyramid::{Picture, Size, Target, imresize};
use std::collections::VecDeque;

/// One number per pixel, height x width.
pub(crate) type Map = Array2<f32>;

/// The colours of a picture (alpha left out) in [0, 1], height x width x (1 or 3).
pub(crate) fn colours(picture: &Picture) -> Array3<f32> {
    let count = if picture.channels() >= 3 { 3 } else { 1 };
    picture.pixels().slice(s![.., .., ..count]).mapv(|v| (v + 1.0) * 0.5)
}

/// The mean of the channels.
pub(crate) fn brightness(colours: ArrayView3<'_, f32>) -> Map {
    let channels = colours.dim().2 as f32;
    colours.map_axis(Axis(2), |pixel| pixel.sum() / channels)
}

/// The largest of the channels.
pub(crate) fn brightest_channel(colours: ArrayView3<'_, f32>) -> Map {
    colours.map_axis(Axis(2), |pixel| pixel.iter().copied().fold(0.0, f32::max))
}

/// The least value within `radius` pixels along both axes, in time that does not depend on the radius.
pub(crate) fn least(map: ArrayView2<'_, f32>, radius: usize) -> Map {
    let mut out = map.to_owned();
    for axis in [Axis(1), Axis(0)] {
        for mut lane in out.lanes_mut(axis) {
            let values = lane.to_vec();
            // Indices of values that are smaller than all later ones in the window. The first is the index of
            // the minimum.
            let mut queue: VecDeque<usize> = VecDeque::new();
            let mut next = 0;
            for (i, out) in lane.iter_mut().enumerate() {
                while next < values.len() && next <= i + radius {
                    while queue.back().is_some_and(|&b| values[b] >= values[next]) {
                        queue.pop_back();
                    }
                    queue.push_back(next);
                    next += 1;
                }
                while queue.front().is_some_and(|&f| f + radius < i) {
                    queue.pop_front();
                }
                if let Some(&front) = queue.front() {
                    *out = values[front];
                }
            }
        }
    }
    out
}

/// The mean within `radius` pixels along both axes. At the border it is the mean of the pixels inside the
/// picture.
pub(crate) fn mean(map: ArrayView2<'_, f32>, radius: usize) -> Map {
    let mut out = map.to_owned();
    for axis in [Axis(1), Axis(0)] {
        for mut lane in out.lanes_mut(axis) {
            let mut sums = Vec::with_capacity(lane.len() + 1);
            let mut sum = 0f64;
            sums.push(sum);
            for &value in lane.iter() {
                sum += f64::from(value);
                sums.push(sum);
            }
            let n = lane.len();
            for (i, out) in lane.iter_mut().enumerate() {
                let (from, to) = (i.saturating_sub(radius), (i + radius + 1).min(n));
                *out = ((sums[to] - sums[from]) / (to - from) as f64) as f32;
            }
        }
    }
    out
}

/// The result of a guided filter: `slope * guide + offset` is the filtered map, at the guide's size or any
/// larger one of it.
pub(crate) struct Guided {
    slope: Map,
    offset: Map,
}

impl Guided {
    /// Fits `map` by a linear function of `guide` in every window (He, Sun and Tang, "Guided image filtering", ECCV 2010)
    /// of `radius`; `eps` is the variance of the guide below which a window counts as flat.
    pub(crate) fn fit(guide: &Map, map: &Map, radius: usize, eps: f32) -> Self {
        let mean = |m: &Map| mean(m.view(), radius);
        let (mean_g, mean_m) = (mean(guide), mean(map));
        let covariance = mean(&(guide * map)) - &mean_g * &mean_m;
        let variance = mean(&(guide * guide)) - &mean_g * &mean_g;
        let slope = covariance / variance.mapv(|v| v.max(0.0) + eps);
        let offset = mean_m - &slope * &mean_g;
        Self { slope: mean(&slope), offset: mean(&offset) }
    }

    /// The filtered map for a guide that may be larger than the one it was fitted to (He and Sun, "Fast guided filter", 2015).
    pub(crate) fn apply(&self, guide: &Map) -> Result<Map> {
        let size = guide.dim();
        Ok(resized(&self.slope, size)? * guide + resized(&self.offset, size)?)
    }
}

/// The map at another size.
pub(crate) fn resized(map: &Map, size: Size) -> Result<Map> {
    if map.dim() == size {
        return Ok(map.clone());
    }
    let resized = imresize(map.view().insert_axis(Axis(2)), Target::Size(size))?;
    Ok(resized.index_axis_move(Axis(2), 0))
}

/// The value below which the share `share` of all values lies.
pub(crate) fn quantile(values: impl IntoIterator<Item = f32>, share: f64) -> f32 {
    let mut values: Vec<f32> = values.into_iter().collect();
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bumpy() -> Map {
        Map::from_shape_fn((9, 14), |(y, x)| ((y * 37 + x * 101) % 53) as f32 / 53.0)
    }

    #[test]
    fn windows_are_those_of_a_plain_loop() {
        let map = bumpy();
        for radius in [1, 3, 20] {
            let (least, mean) = (least(map.view(), radius), mean(map.view(), radius));
            for ((y, x), &found) in least.indexed_iter() {
                let window = map.slice(s![
                    y.saturating_sub(radius)..(y + radius + 1).min(9),
                    x.saturating_sub(radius)..(x + radius + 1).min(14)
                ]);
                assert_eq!(found, window.iter().copied().fold(f32::INFINITY, f32::min));
                assert!((mean[[y, x]] - window.sum() / window.len() as f32).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_guided_filter_keeps_what_follows_the_guide_and_smooths_the_rest() -> Result<()> {
        let guide = bumpy();
        let follows = guide.mapv(|g| 0.2 + 0.5 * g);
        let kept = Guided::fit(&guide, &follows, 2, 1e-6).apply(&guide)?;
        assert!(kept.iter().zip(&follows).all(|(a, b)| (a - b).abs() < 1e-3));
        let flat = Map::from_elem((9, 14), 0.5);
        let smoothed = Guided::fit(&flat, &guide, 2, 1e-3).apply(&flat)?;
        let spread = |m: &Map| m.std(0.0);
        assert!(spread(&smoothed) < 0.5 * spread(&guide));
        assert_eq!(Guided::fit(&guide, &follows, 2, 1e-3).apply(&Map::zeros((30, 41)))?.dim(), (30, 41));
        Ok(())
    }
}
