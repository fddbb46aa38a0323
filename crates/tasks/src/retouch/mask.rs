//! Masks: drawn by people or derived from a difference, and softened.

use crate::{Error, Result};
use image::{GrayImage, ImageBuffer, Luma};
use imageproc::filter::gaussian_blur_f32;
use imageproc::morphology::{Mask as Disk, grayscale_close, grayscale_dilate, grayscale_open};
use ndarray::{Array2, Array3, Axis};
use pyramid::{Picture, Target, imresize};

/// Deviation of the blur that softens a mask, in pixels.
const BLUR: f32 = 5.0;

/// From this difference on (mean over the channels, of a range of 2) a pixel counts as changed: 8 of 255
/// levels, more than JPEG and resizing do to most pixels.
const CHANGED: f32 = 0.06;

/// The picture's mask at `size`: white where its colours, times alpha, are at least half. Fails where nothing
/// is.
pub(crate) fn given(mask: &Picture, size: (usize, usize)) -> Result<Array2<f32>> {
    let pixels = mask.pixels();
    let channels = mask.channels();
    let colours = if channels >= 3 { 3 } else { 1 };
    let values = pixels.map_axis(Axis(2), |pixel| {
        let white = pixel.iter().take(colours).map(|v| (v + 1.0) / 2.0).sum::<f32>() / colours as f32;
        white * if channels > colours { (pixel[colours] + 1.0) / 2.0 } else { 1.0 }
    });
    let binary = scaled(&values, size)?.mapv(|v| if v >= 0.5 { 1.0 } else { 0.0 });
    if binary.iter().all(|&v| v == 0.0) {
        return Err(Error::BlackMask);
    }
    Ok(binary)
}

/// Where two pictures of one size differ, without specks. Fails where nothing does.
pub(crate) fn derived(naive: &Array3<f32>, real: &Array3<f32>) -> Result<Array2<f32>> {
    let difference = (naive - real).mapv_into(f32::abs).mean_axis(Axis(2)).unwrap_or_default();
    let difference = to_array(&gaussian_blur_f32(&to_image(&difference), 1.0));
    let changed = to_gray(&difference.mapv(|v| if v >= CHANGED { 1.0 } else { 0.0 }));
    let whole = grayscale_close(&changed, &Disk::disk(2));
    let without_specks = grayscale_open(&whole, &Disk::disk(1));
    let mask = Array2::from_shape_fn(difference.dim(), |(y, x)| {
        f32::from(u8::from(without_specks.get_pixel(x as u32, y as u32).0[0] > 127))
    });
    if mask.iter().all(|&v| v == 0.0) {
        return Err(Error::NoDifference);
    }
    Ok(mask)
}

/// The part of `mask` in which something changed, without the holes that are left where a pasted pixel
/// happens to have the colour that was there; all of it where nothing changed.
pub(crate) fn narrowed(mask: &Array2<f32>, changed: &Array2<f32>) -> Array2<f32> {
    let both = mask * changed;
    if both.iter().all(|&v| v == 0.0) {
        return mask.clone();
    }
    let closed = grayscale_close(&to_gray(&both), &Disk::disk(5));
    Array2::from_shape_fn(mask.dim(), |(y, x)| {
        mask[[y, x]] * f32::from(u8::from(closed.get_pixel(x as u32, y as u32).0[0] > 127))
    })
}

/// Dilates a mask by a disk of `radius` pixels, blurs it, and stretches it to 0..1.
pub(crate) fn softened(mask: &Array2<f32>, radius: u8) -> Array2<f32> {
    let wide = grayscale_dilate(&to_gray(mask), &Disk::disk(radius));
    let (h, w) = mask.dim();
    let wide =
        Array2::from_shape_fn((h, w), |(y, x)| f32::from(wide.get_pixel(x as u32, y as u32).0[0]) / 255.0);
    let soft = to_array(&gaussian_blur_f32(&to_image(&wide), BLUR));
    let (low, high) = soft.iter().fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
    if high - low < 1e-6 {
        return wide;
    }
    soft.mapv(|v| (v - low) / (high - low))
}

/// Resized, clamped to 0..1.
pub(crate) fn scaled(values: &Array2<f32>, size: (usize, usize)) -> Result<Array2<f32>> {
    let with_channel = values.view().insert_axis(Axis(2));
    let scaled = imresize(with_channel, Target::Size(size))?;
    Ok(scaled.index_axis_move(Axis(2), 0).mapv(|v| v.clamp(0.0, 1.0)))
}

/// As a gray picture to write.
pub(crate) fn picture(values: &Array2<f32>) -> Result<Picture> {
    Ok(Picture::from_pixels(values.mapv(|v| v * 2.0 - 1.0).insert_axis(Axis(2)))?)
}

fn to_gray(values: &Array2<f32>) -> GrayImage {
    let (h, w) = values.dim();
    GrayImage::from_fn(w as u32, h as u32, |x, y| {
        Luma([(values[[y as usize, x as usize]] * 255.0).round() as u8])
    })
}

pub(crate) fn to_image(values: &Array2<f32>) -> ImageBuffer<Luma<f32>, Vec<f32>> {
    let (h, w) = values.dim();
    ImageBuffer::from_fn(w as u32, h as u32, |x, y| Luma([values[[y as usize, x as usize]]]))
}

pub(crate) fn to_array(image: &ImageBuffer<Luma<f32>, Vec<f32>>) -> Array2<f32> {
    let (w, h) = image.dimensions();
    Array2::from_shape_fn((h as usize, w as usize), |(y, x)| image.get_pixel(x as u32, y as u32).0[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(size: usize, from: usize, to: usize) -> Array2<f32> {
        let inside = |n: usize| (from..to).contains(&n);
        Array2::from_shape_fn((size, size), |(y, x)| f32::from(u8::from(inside(y) && inside(x))))
    }

    #[test]
    fn a_soft_mask_is_full_inside_and_nothing_far_away() {
        let soft = softened(&square(90, 35, 55), 7);
        assert_eq!((soft[[45, 45]], soft[[0, 0]]), (1.0, 0.0));
        // The dilated edge, 7 px out, is half way down.
        assert!((soft[[45, 28]] - 0.5).abs() < 0.1, "{}", soft[[45, 28]]);
        assert!(soft[[45, 35]] > 0.85 && soft[[45, 10]] < 0.01);
        assert_eq!(softened(&square(20, 0, 20), 7), Array2::<f32>::ones((20, 20)));
    }

    #[test]
    fn a_given_mask_is_cut_at_half() -> Result<()> {
        let mask = picture(&square(40, 10, 20).mapv(|v| 0.1 + 0.5 * v))?;
        assert_eq!(given(&mask, (40, 40))?, square(40, 10, 20));
        assert_eq!(given(&mask.widened(4), (40, 40))?, square(40, 10, 20));
        assert_eq!(given(&mask, (20, 20))?, square(20, 5, 10));
        assert!(given(&picture(&Array2::from_elem((9, 9), 0.4))?, (9, 9)).is_err());
        Ok(())
    }

    #[test]
    fn what_differs_is_found_and_specks_are_not() -> Result<()> {
        let real = Array3::from_shape_fn((40, 40, 3), |(y, x, c)| ((y + x + c) % 5) as f32 / 5.0 - 0.5);
        let mut naive = real.clone();
        for ((y, x, _), v) in naive.indexed_iter_mut() {
            *v += 0.3 * square(40, 10, 25)[[y, x]] + 0.02;
        }
        naive[[35, 35, 0]] = 0.3;
        let mask = derived(&naive, &real)?;
        let wrong = (&mask - &square(40, 10, 25)).mapv(f32::abs).sum();
        assert!(wrong < 70.0 && mask[[35, 35]] == 0.0, "{wrong} pixels are wrong");
        assert!(derived(&real, &real).is_err());
        Ok(())
    }
}
