//! The painted areas of a painting, and their colours in what was made of it.

use super::palette::main_colours;
use crate::Result;
use image::{GrayImage, ImageBuffer, Luma};
use imageproc::filter::gaussian_blur_f32;
use imageproc::region_labelling::{Connectivity, connected_components};
use ndarray::{Array2, Array3};
use pyramid::Picture;

/// Colours that tell areas apart; a painting with brush strokes has many more.
const COLOURS: usize = 12;
/// An area's mean colour may differ by this much, of a range of 2 (2 of 255 levels).
const FREE: f32 = 4.0 / 255.0;
/// Deviation of the blur of the corrections, in pixels, so that they have no steps.
const BLUR: f32 = 1.5;
/// Corrections are computed so many times, because the blur mixes those of neighbouring areas.
const ROUNDS: usize = 6;

/// The painted areas at the size of the result.
#[derive(Debug)]
pub(crate) struct Areas {
    /// The number of the area that each pixel belongs to.
    labels: Array2<usize>,
    /// The painting's mean colour in each area.
    colours: Vec<Vec<f32>>,
    /// Channels of colour, without alpha.
    channels: usize,
}

impl Areas {
    /// Those of a painting of the result's size and channels: connected pixels of about one colour.
    pub(crate) fn of(painting: &Picture) -> Result<Self> {
        let palette = main_colours(painting, COLOURS)?;
        let (h, w) = painting.size();
        let numbers = GrayImage::from_fn(w as u32, h as u32, |x, y| {
            let pixel = painting.pixels().slice(ndarray::s![y as usize, x as usize, ..]).to_vec();
            Luma([palette.nearest(&pixel) as u8])
        });
        // No pixel has the number of the background, so that every pixel belongs to an area.
        let found = connected_components(&numbers, Connectivity::Four, Luma([u8::MAX]));
        let labels =
            Array2::from_shape_fn((h, w), |(y, x)| found.get_pixel(x as u32, y as u32).0[0] as usize);
        let channels = if painting.channels() >= 3 { 3 } else { 1 };
        let colours = means(&painting.pixels().to_owned(), &labels, channels);
        Ok(Self { labels, colours, channels })
    }

    /// Moves the mean colour of every area of `result` towards the painting's, as far as it differs by more than
    /// texture does.
    pub(crate) fn keep_colours(&self, result: &mut Array3<f32>) {
        let (h, w) = self.labels.dim();
        for _ in 0..ROUNDS {
            let found = means(result, &self.labels, self.channels);
            for c in 0..self.channels {
                let shifts: Vec<f32> =
                    self.colours.iter().zip(&found).map(|(a, b)| beyond(a[c] - b[c])).collect();
                let map: ImageBuffer<Luma<f32>, Vec<f32>> =
                    ImageBuffer::from_fn(w as u32, h as u32, |x, y| {
                        Luma([shifts[self.labels[[y as usize, x as usize]]]])
                    });
                let soft = gaussian_blur_f32(&map, BLUR);
                for (x, y, value) in soft.enumerate_pixels() {
                    let at = [y as usize, x as usize, c];
                    result[at] = (result[at] + value.0[0]).clamp(-1.0, 1.0);
                }
            }
        }
    }
}

/// The part of a difference that is not free.
fn beyond(difference: f32) -> f32 {
    difference.signum() * (difference.abs() - FREE).max(0.0)
}

/// The mean of each of the first channels in each area.
fn means(pixels: &Array3<f32>, labels: &Array2<usize>, channels: usize) -> Vec<Vec<f32>> {
    let count = labels.iter().max().map_or(0, |most| most + 1);
    let mut sums = vec![(vec![0.0f64; channels], 0.0f64); count];
    for ((y, x), &area) in labels.indexed_iter() {
        let (sum, pixels_of) = &mut sums[area];
        (0..channels).for_each(|c| sum[c] += f64::from(pixels[[y, x, c]]));
        *pixels_of += 1.0;
    }
    let mean = |(sum, n): (Vec<f64>, f64)| sum.iter().map(|s| (s / n.max(1.0)) as f32).collect();
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_keep_the_paintings_colours_and_the_results_texture() -> Result<()> {
        let colour = |x: usize, c: usize| if x < 30 { [0.6, -0.2, -0.6][c] } else { [-0.5, 0.3, -0.1][c] };
        let painting = Array3::from_shape_fn((40, 60, 3), |(_, x, c)| colour(x, c));
        let areas = Areas::of(&Picture::from_pixels(painting)?)?;
        let texture = |y: usize, x: usize| ((y * 7 + x * 5) % 11) as f32 / 40.0 - 0.125;
        let mut result =
            Array3::from_shape_fn((40, 60, 3), |(y, x, c)| colour(x, c) * 0.4 + 0.2 + texture(y, x));
        areas.keep_colours(&mut result);
        for (from, to) in [(2, 28), (32, 58)] {
            for c in 0..3 {
                let mean = result.slice(ndarray::s![.., from..to, c]).mean().unwrap_or_default();
                assert!((mean - colour(from, c)).abs() < 10.0 / 127.5, "{mean}");
            }
        }
        // The texture of an area is kept.
        let (a, b) = (result[[20, 12, 0]] - result[[20, 14, 0]], texture(20, 12) - texture(20, 14));
        assert!((a - b).abs() < 0.01, "{a} {b}");
        Ok(())
    }
}
