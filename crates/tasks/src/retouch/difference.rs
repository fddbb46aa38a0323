//! Where a picture was changed by hand: the difference to the training picture without what compressors and
//! resizing leave.

use super::mask::{to_array, to_gray, to_image};
use crate::{Error, Result};
use image::GrayImage;
use imageproc::filter::gaussian_blur_f32;
use imageproc::morphology::{Mask as Disk, grayscale_close, grayscale_open};
use imageproc::region_labelling::{Connectivity, connected_components};
use ndarray::{Array2, Array3, Axis};

/// From these differences on, of a range of 2, a pixel may have been changed, and surely was.
const MAYBE: f32 = 0.05;
const SURELY: f32 = 0.12;
/// So many times what is usual in places as detailed as a pixel's is more than noise.
const ABOVE_NOISE: f32 = 3.0;
/// Noise is never believed to reach further than this: in a picture that was changed in most places, the
/// usual difference is no noise.
const MOST_NOISE: f32 = 0.15;
/// A region counts where so much of it was surely changed, and where it has this share of the picture.
const SURE_SHARE: f32 = 0.2;
const LEAST_SHARE: f32 = 2e-4;
/// A pixel counts where it differs by this share of the most around it, in a square of this radius: what a blur
/// spreads beyond the border of a region is less.
const BESIDE_MOST: f32 = 0.3;
const AROUND: usize = 4;
/// Deviation of the blur below which differences cancel out where they are noise, in pixels.
const BLUR: f32 = 1.5;
/// The groups of equally many pixels, by how detailed their places are, whose noise is estimated.
const GROUPS: usize = 8;

/// Where two pictures of one size differ: 1 inside, 0 outside. Fails where they hardly do.
///
/// A compressor's noise is stronger the more detail a place has, changes its sign from pixel to pixel and
/// keeps mean colours. Two differences are compared with what is usual (the median) in places of as much detail: that
/// of the smoothed colours, and the smoothed size of the difference, which also finds a texture that was
/// replaced by one of its mean colour. Regions are kept where enough of them differs clearly.
pub(crate) fn derived(naive: &Array3<f32>, real: &Array3<f32>) -> Result<Array2<f32>> {
    let difference = naive - real;
    let fine = blurred(&mean(&difference.mapv(f32::abs)), 1.0);
    let smooth = mean(&each_channel(&difference, |channel| blurred(channel, BLUR).mapv_into(f32::abs)));
    let detail = detail(real);
    let noise_of = |values: &Array2<f32>, times: f32| {
        usual(values, &detail).mapv_into(|v| (times * v).min(MOST_NOISE * times / ABOVE_NOISE))
    };
    let (smooth_noise, fine_noise) = (noise_of(&smooth, ABOVE_NOISE), noise_of(&fine, 1.5 * ABOVE_NOISE));
    let (smooth_most, fine_most) = (local_most(&smooth), local_most(&fine));
    let exceeds = |colour: f32, texture: f32, times: f32| {
        Array2::from_shape_fn(smooth.dim(), |at| {
            let found = smooth[at] > colour.max(times * smooth_noise[at]).max(BESIDE_MOST * smooth_most[at])
                || fine[at] > texture.max(times * fine_noise[at]).max(BESIDE_MOST * fine_most[at]);
            f32::from(u8::from(found))
        })
    };
    let (maybe, surely) = (exceeds(MAYBE, MAYBE, 1.0), exceeds(SURELY, 2.0 * SURELY, 2.0));
    let whole = grayscale_open(&grayscale_close(&to_gray(&maybe), &Disk::disk(3)), &Disk::disk(2));
    let mask = without_holes(&sure_regions(&whole, &surely));
    if mask.iter().all(|&v| v == 0.0) { Err(Error::NoDifference) } else { Ok(mask) }
}

/// The regions of `whole` of which enough was surely changed.
fn sure_regions(whole: &GrayImage, surely: &Array2<f32>) -> Array2<f32> {
    let binary = threshold(whole, |v| v > 127);
    let labels = connected_components(&binary, Connectivity::Four, image::Luma([0]));
    let count = labels.pixels().map(|p| p.0[0] as usize).max().unwrap_or(0) + 1;
    let (mut area, mut sure) = (vec![0.0f32; count], vec![0.0f32; count]);
    for (x, y, label) in labels.enumerate_pixels() {
        area[label.0[0] as usize] += 1.0;
        sure[label.0[0] as usize] += surely[[y as usize, x as usize]];
    }
    let least = LEAST_SHARE * surely.len() as f32;
    Array2::from_shape_fn(surely.dim(), |(y, x)| {
        let label = labels.get_pixel(x as u32, y as u32).0[0] as usize;
        let kept = label > 0 && area[label] >= least && sure[label] >= SURE_SHARE * area[label];
        f32::from(u8::from(kept))
    })
}

/// The mask with what it encloses.
fn without_holes(mask: &Array2<f32>) -> Array2<f32> {
    let (h, w) = mask.dim();
    let outside = threshold(&to_gray(mask), |v| v <= 127);
    let labels = connected_components(&outside, Connectivity::Four, image::Luma([0]));
    let count = labels.pixels().map(|p| p.0[0] as usize).max().unwrap_or(0) + 1;
    let mut open = vec![false; count];
    for (x, y, label) in labels.enumerate_pixels() {
        let at_border = x == 0 || y == 0 || x as usize + 1 == w || y as usize + 1 == h;
        open[label.0[0] as usize] |= at_border;
    }
    Array2::from_shape_fn((h, w), |(y, x)| {
        let label = labels.get_pixel(x as u32, y as u32).0[0] as usize;
        f32::from(u8::from(label == 0 || !open[label]))
    })
}

fn threshold(gray: &GrayImage, is_inside: impl Fn(u8) -> bool) -> GrayImage {
    GrayImage::from_fn(gray.width(), gray.height(), |x, y| {
        image::Luma([u8::from(is_inside(gray.get_pixel(x, y).0[0]))])
    })
}

/// For each pixel the median of `values` over the pixels of its group, which have about as much detail.
fn usual(values: &Array2<f32>, detail: &Array2<f32>) -> Array2<f32> {
    let (values_of, detail_of): (Vec<f32>, Vec<f32>) =
        (values.iter().copied().collect(), detail.iter().copied().collect());
    let mut order: Vec<usize> = (0..values_of.len()).collect();
    order.sort_by(|&a, &b| detail_of[a].total_cmp(&detail_of[b]));
    let mut result = vec![0.0; values_of.len()];
    for group in order.chunks(order.len().div_ceil(GROUPS).max(1)) {
        let mut of_group: Vec<f32> = group.iter().map(|&i| values_of[i]).collect();
        let middle = of_group.len() / 2;
        let (_, median, _) = of_group.select_nth_unstable_by(middle, f32::total_cmp);
        let median = *median;
        for &i in group {
            result[i] = median;
        }
    }
    let (_, w) = values.dim();
    Array2::from_shape_fn(values.dim(), |(y, x)| result[y * w + x])
}

/// The largest value around each pixel.
fn local_most(values: &Array2<f32>) -> Array2<f32> {
    let along_rows = |values: &Array2<f32>| {
        let (h, w) = values.dim();
        Array2::from_shape_fn((h, w), |(y, x)| {
            let around = x.saturating_sub(AROUND)..(x + AROUND + 1).min(w);
            around.map(|x| values[[y, x]]).fold(0.0, f32::max)
        })
    };
    along_rows(&along_rows(values).reversed_axes()).reversed_axes()
}

/// How much detail there is around each pixel: the smoothed size of the differences between neighbours.
fn detail(real: &Array3<f32>) -> Array2<f32> {
    let (h, w, c) = real.dim();
    let slopes = Array2::from_shape_fn((h, w), |(y, x)| {
        let (up, down) = (y.saturating_sub(1), (y + 1).min(h - 1));
        let (left, right) = (x.saturating_sub(1), (x + 1).min(w - 1));
        let squares = (0..c).map(|k| {
            let (dy, dx) = (real[[down, x, k]] - real[[up, x, k]], real[[y, right, k]] - real[[y, left, k]]);
            dy * dy + dx * dx
        });
        (squares.sum::<f32>() / c as f32).sqrt()
    });
    blurred(&slopes, 2.0)
}

fn each_channel(pixels: &Array3<f32>, change: impl Fn(&Array2<f32>) -> Array2<f32>) -> Array3<f32> {
    let mut result = pixels.clone();
    for (channel, mut target) in pixels.axis_iter(Axis(2)).zip(result.axis_iter_mut(Axis(2))) {
        target.assign(&change(&channel.to_owned()));
    }
    result
}

fn mean(pixels: &Array3<f32>) -> Array2<f32> {
    pixels.mean_axis(Axis(2)).unwrap_or_default()
}

fn blurred(values: &Array2<f32>, deviation: f32) -> Array2<f32> {
    to_array(&gaussian_blur_f32(&to_image(values), deviation))
}

#[cfg(test)]
mod tests;
