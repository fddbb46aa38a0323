//! Where an edited picture needs repair: along the borders of what was moved, and in parts that were painted in. And
//! whether the repair is better than what was there.

use super::mask::{to_array, to_image};
use crate::Result;
use image::{GrayImage, Luma};
use imageproc::distance_transform::{Norm, distance_transform};
use imageproc::filter::gaussian_blur_f32;
use imageproc::region_labelling::{Connectivity, connected_components};
use metrics::{Matches, PATCH, match_patches};
use ndarray::{Array2, Array3};

/// Pixels from a border up to which strange patches are repaired fully, and from which on not at all.
const BAND: (f32, f32) = (7.0, 14.0);
/// A part whose inside is strange by more than this share was painted in, and is repaired as a whole.
const PAINTED: f32 = 0.6;
/// A repair whose border is farther from the training picture than this many times the naive picture's is worse. At the
/// size of the network both are blurred a little, so that differences of some per cent say nothing.
const WORSE: f64 = 1.1;
/// Deviation of the blur of the amounts, in pixels.
const BLUR: f32 = 1.5;

/// How much of the network's picture to take at each pixel: `strange` (0 to 1, as
/// [`super::strange::strangeness`] finds it) along the borders of `pasted` (1 where the picture was changed). Inside a
/// part that was moved, single patches are strange by chance, as after a resize; repairing those alone would make a
/// mosaic of sharp and blurred patches.
pub(crate) fn amounts(strange: &Array2<f32>, pasted: &Array2<f32>) -> Array2<f32> {
    let (h, w) = pasted.dim();
    let parts = parts(pasted);
    let distance = from_border(pasted);
    let count = parts.iter().max().map_or(1, |&most| most as usize + 1);
    let mut inside = vec![(0.0f32, 0.0f32); count];
    for (at, &part) in parts.indexed_iter() {
        if part > 0 && distance[at] > PATCH as f32 {
            inside[part as usize].0 += strange[at];
            inside[part as usize].1 += 1.0;
        }
    }
    let painted: Vec<bool> = inside.iter().map(|&(sum, n)| n > 0.0 && sum > PAINTED * n).collect();
    let amount = Array2::from_shape_fn((h, w), |at| {
        let near = ((BAND.1 - distance[at]) / (BAND.1 - BAND.0)).clamp(0.0, 1.0);
        if painted[parts[at] as usize] { 1.0 } else { strange[at] * near }
    });
    to_array(&gaussian_blur_f32(&to_image(&amount), BLUR))
}

/// How many parts were changed, and in how many of them the repair was worse than what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Connected parts of the picture that were changed.
    pub parts: usize,
    /// Those that are as they were given.
    pub kept: usize,
}

/// Sets `soft` to 0 around those parts of `pasted` whose border is less like the training picture after the repair:
/// judged by the distance of the patches that cross it to the nearest of `real`. All are of the network's size.
pub(crate) fn keep_better(
    soft: &mut Array2<f32>,
    naive: &Array3<f32>,
    repaired: &Array3<f32>,
    real: &Array3<f32>,
    pasted: &Array2<f32>,
) -> Result<Kept> {
    let options = metrics::Options::default();
    let before = match_patches(naive.view(), real.view(), &options)?;
    let after = match_patches(repaired.view(), real.view(), &options)?;
    let (Some(before), Some(after)) = (before, after) else { return Ok(Kept::default()) };
    let parts = parts(pasted);
    let count = parts.iter().max().map_or(0, |&most| most as usize);
    let crossing = crossing(&before, &parts, count);
    let mut kept = vec![false; count + 1];
    for (part, patches) in crossing.iter().enumerate().skip(1) {
        let mean = |matches: &Matches| patches.iter().map(|&i| f64::from(matches.distance[i])).sum::<f64>();
        kept[part] = mean(&after) > WORSE * mean(&before);
    }
    let nearest = nearest_part(&parts, count);
    for (at, amount) in soft.indexed_iter_mut() {
        if kept[nearest[at]] {
            *amount = 0.0;
        }
    }
    Ok(Kept { parts: count, kept: kept.iter().filter(|&&kept| kept).count() })
}

/// For each part the patches that lie partly inside it.
fn crossing(matches: &Matches, parts: &Array2<u32>, count: usize) -> Vec<Vec<usize>> {
    let mut crossing = vec![Vec::new(); count + 1];
    for row in 0..matches.sample.rows {
        for column in 0..matches.sample.columns {
            let patch = parts.slice(ndarray::s![row..row + PATCH, column..column + PATCH]);
            let Some(&part) = patch.iter().find(|&&part| part > 0) else { continue };
            if patch.iter().any(|&other| other != part) {
                crossing[part as usize].push(row * matches.sample.columns + column);
            }
        }
    }
    crossing
}

/// The part that is nearest to each pixel; 0 where there is none.
fn nearest_part(parts: &Array2<u32>, count: usize) -> Array2<usize> {
    let mut best = Array2::from_elem(parts.dim(), (u8::MAX, 0));
    for part in 1..=count {
        let (h, w) = parts.dim();
        let image = GrayImage::from_fn(w as u32, h as u32, |x, y| {
            Luma([if parts[[y as usize, x as usize]] as usize == part { 255 } else { 0 }])
        });
        for (x, y, Luma([distance])) in distance_transform(&image, Norm::LInf).enumerate_pixels() {
            let best = &mut best[[y as usize, x as usize]];
            if *distance < best.0 {
                *best = (*distance, part);
            }
        }
    }
    best.mapv(|(_, part)| part)
}

/// The connected parts of a mask, numbered from 1; 0 outside.
fn parts(mask: &Array2<f32>) -> Array2<u32> {
    let (h, w) = mask.dim();
    let white = |x: u32, y: u32| mask[[y as usize, x as usize]] >= 0.5;
    let image = GrayImage::from_fn(w as u32, h as u32, |x, y| Luma([if white(x, y) { 255 } else { 0 }]));
    let found = connected_components(&image, Connectivity::Eight, Luma([0]));
    Array2::from_shape_fn((h, w), |(y, x)| found.get_pixel(x as u32, y as u32).0[0])
}

/// Pixels to the nearest border of the mask, along the longer axis, up to 255; the picture's own border is none.
fn from_border(mask: &Array2<f32>) -> Array2<f32> {
    let (h, w) = mask.dim();
    let white = |y: usize, x: usize| mask[[y, x]] >= 0.5;
    let is_border = |y: usize, x: usize| {
        let here = white(y, x);
        (y + 1 < h && white(y + 1, x) != here) || (x + 1 < w && white(y, x + 1) != here)
    };
    let border = GrayImage::from_fn(w as u32, h as u32, |x, y| {
        Luma([if is_border(y as usize, x as usize) { 255 } else { 0 }])
    });
    let distance = distance_transform(&border, Norm::LInf);
    Array2::from_shape_fn((h, w), |(y, x)| f32::from(distance.get_pixel(x as u32, y as u32).0[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::s;

    fn square() -> Array2<f32> {
        let mut mask = Array2::zeros((80, 80));
        mask.slice_mut(s![20..60, 20..60]).fill(1.0);
        mask
    }

    #[test]
    fn strange_patches_inside_a_moved_part_make_no_mosaic() {
        let mut strange = Array2::zeros((80, 80));
        strange.slice_mut(s![36..43, 36..43]).fill(1.0);
        strange.slice_mut(s![20..60, 17..24]).fill(1.0);
        let amounts = amounts(&strange, &square());
        assert!(amounts[[39, 39]] < 0.01, "{}", amounts[[39, 39]]);
        assert!(amounts[[40, 20]] > 0.9, "{}", amounts[[40, 20]]);
    }

    #[test]
    fn what_was_painted_in_is_repaired_as_a_whole() {
        let amounts = amounts(&square().mapv(|v| 0.8 * v), &square());
        assert!(amounts[[40, 40]] > 0.99);
    }

    #[test]
    fn a_repair_that_is_worse_is_not_used() -> Result<()> {
        let value = |y: usize, x: usize| ((y * y * 3 + x * x * 7 + x * y) % 97) as f32 / 60.0 - 0.8;
        let real = Array3::from_shape_fn((80, 80, 1), |(y, x, _)| value(y, x));
        let mut naive = real.clone();
        naive.slice_mut(s![20..60, 20..60, ..]).assign(&real.slice(s![3..43, 35..75, ..]));
        for (repaired, kept) in [(Array3::zeros((80, 80, 1)), 1), (real.clone(), 0)] {
            let mut soft = square();
            let found = keep_better(&mut soft, &naive, &repaired, &real, &square())?;
            assert_eq!(found, Kept { parts: 1, kept });
            assert_eq!(soft.sum() == 0.0, kept == 1);
        }
        Ok(())
    }
}
