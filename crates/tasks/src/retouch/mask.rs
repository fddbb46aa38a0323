//! Masks: drawn by people, narrowed and softened.

use super::fit::Fit;
use crate::{Error, Result};
use image::{GrayImage, ImageBuffer, Luma};
use imageproc::filter::gaussian_blur_f32;
use imageproc::morphology::{Mask as Disk, grayscale_close, grayscale_dilate};
use ndarray::{Array2, Axis};
use pyramid::Picture;

/// Deviation of the blur that softens a mask, in pixels.
const BLUR: f32 = 5.0;

/// From this share of the picture on a mask is suspected of being inverted.
const MOST: f32 = 0.5;
/// Values of 0 and 1 of 255, as programs for labels write masks.
const FAINT: f32 = 1.5 / 255.0;

/// How a mask was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskReading {
    /// None was given: it is where the naive picture differs from the training picture.
    Derived,
    /// White where to change, as it should be.
    White,
    /// Almost black, with 1 of 255 where to change.
    Faint,
    /// Black where the picture was changed and white elsewhere: it was taken the other way around.
    Inverted,
}

/// A given mask, at the size of the run's finest stage: 1 where its brightest channel, times alpha, is at least half, 0
/// elsewhere. `changed` is where the picture differs, if that is known. Fails where nothing is white.
pub(crate) fn given(
    mask: &Picture,
    fit: &Fit,
    changed: Option<&Array2<f32>>,
) -> Result<(Array2<f32>, MaskReading)> {
    let mut values = whiteness(mask);
    let brightest = values.iter().copied().fold(0.0, f32::max);
    let mut reading = MaskReading::White;
    if brightest > 0.0 && brightest <= FAINT {
        values /= brightest;
        reading = MaskReading::Faint;
    }
    let mut binary = fit.mask_down(&values)?.mapv(|v| if v >= 0.5 { 1.0 } else { 0.0 });
    if binary.iter().all(|&v| v == 0.0) {
        return Err(Error::BlackMask);
    }
    if binary.mean() > Some(MOST) && changed.is_some_and(|changed| is_inverse(&binary, changed)) {
        binary.mapv_inplace(|v| 1.0 - v);
        reading = MaskReading::Inverted;
    }
    Ok((binary, reading))
}

/// How white a picture is, 0 to 1: its brightest colour channel, times alpha.
fn whiteness(mask: &Picture) -> Array2<f32> {
    let channels = mask.channels();
    let colours = if channels >= 3 { 3 } else { 1 };
    mask.pixels().map_axis(Axis(2), |pixel| {
        let white = pixel.iter().take(colours).fold(-1.0f32, |most, &v| most.max(v));
        let alpha = if channels > colours { (pixel[colours] + 1.0) / 2.0 } else { 1.0 };
        (white + 1.0) / 2.0 * alpha
    })
}

/// Whether nearly all that changed lies where the mask is black.
fn is_inverse(mask: &Array2<f32>, changed: &Array2<f32>) -> bool {
    let (inside, all) = ((mask * changed).sum(), changed.sum());
    all > 0.0 && inside < 0.1 * all
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

/// As a gray picture to write.
pub(crate) fn picture(values: &Array2<f32>) -> Result<Picture> {
    Ok(Picture::from_pixels(values.mapv(|v| v * 2.0 - 1.0).insert_axis(Axis(2)))?)
}

pub(crate) fn to_gray(values: &Array2<f32>) -> GrayImage {
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
    use ndarray::Array3;

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
        let read =
            |mask: &Picture, size| given(mask, &Fit::between(mask.size(), size), None).map(|read| read.0);
        let mask = picture(&square(40, 10, 20).mapv(|v| 0.1 + 0.5 * v))?;
        assert_eq!(read(&mask, (40, 40))?, square(40, 10, 20));
        assert_eq!(read(&mask.widened(4), (40, 40))?, square(40, 10, 20));
        assert_eq!(read(&mask, (20, 20))?, square(20, 5, 10));
        assert!(read(&picture(&Array2::from_elem((9, 9), 0.4))?, (9, 9)).is_err());
        Ok(())
    }

    #[test]
    fn a_red_mask_one_of_zeros_and_ones_and_an_inverted_one_are_understood() -> Result<()> {
        let (inside, fit) = (square(40, 10, 20), Fit::between((40, 40), (40, 40)));
        let mut red = Array3::from_elem((40, 40, 3), -1.0);
        red.index_axis_mut(Axis(2), 0).assign(&inside.mapv(|v| v * 2.0 - 1.0));
        assert_eq!(given(&Picture::from_pixels(red)?, &fit, None)?, (inside.clone(), MaskReading::White));
        let labels = picture(&inside.mapv(|v| v / 255.0))?;
        assert_eq!(given(&labels, &fit, None)?, (inside.clone(), MaskReading::Faint));
        let inverted = picture(&inside.mapv(|v| 1.0 - v))?;
        assert_eq!(given(&inverted, &fit, Some(&inside))?, (inside.clone(), MaskReading::Inverted));
        assert_eq!(given(&inverted, &fit, None)?.1, MaskReading::White);
        Ok(())
    }
}
