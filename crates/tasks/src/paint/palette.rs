//! The main colours of a picture, by k-means with a deterministic start.

use crate::Result;
use limits::within;
use pyramid::{Palette, Picture};

/// Rounds of moving the colours to the middle of the pixels that are nearest to them.
const ROUNDS: usize = 20;

/// `count` main colours of `picture` (fewer where it has fewer), 2 to 64.
pub(crate) fn main_colours(picture: &Picture, count: usize) -> Result<Palette> {
    within("colours", count, 2..=64)?;
    let pixels: Vec<Vec<f32>> = pixels(picture);
    let mut palette = Palette::new(spread(&pixels, count));
    for _ in 0..ROUNDS {
        let mut colours = palette.colours().to_vec();
        let mut sums = vec![(vec![0f64; picture.channels()], 0u32); colours.len()];
        for pixel in &pixels {
            let (sum, count) = &mut sums[palette.nearest(pixel)];
            sum.iter_mut().zip(pixel).for_each(|(s, p)| *s += f64::from(*p));
            *count += 1;
        }
        for (colour, (sum, count)) in colours.iter_mut().zip(sums) {
            if count > 0 {
                *colour = sum.iter().map(|s| (s / f64::from(count)) as f32).collect();
            }
        }
        palette = Palette::new(colours);
    }
    Ok(palette)
}

fn pixels(picture: &Picture) -> Vec<Vec<f32>> {
    picture.pixels().lanes(ndarray::Axis(2)).into_iter().map(|pixel| pixel.to_vec()).collect()
}

/// Starts with the first pixel, then repeatedly adds the pixel that is farthest from all colours so far.
fn spread(pixels: &[Vec<f32>], count: usize) -> Vec<Vec<f32>> {
    let mut colours: Vec<Vec<f32>> = pixels.first().cloned().into_iter().collect();
    let mut distances = vec![f32::INFINITY; pixels.len()];
    while colours.len() < count {
        let Some(last) = colours.last() else { break };
        let mut farthest = (0, 0.0);
        for (i, (distance, pixel)) in distances.iter_mut().zip(pixels).enumerate() {
            *distance = distance.min(squared_distance(last, pixel));
            if *distance > farthest.1 {
                farthest = (i, *distance);
            }
        }
        if farthest.1 == 0.0 {
            break;
        }
        colours.push(pixels[farthest.0].clone());
    }
    colours
}

fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn colours_are_those_of_the_picture() -> Result<()> {
        let colours = [-0.8f32, 0.0, 0.9];
        let noisy = |(y, x, c): (usize, usize, usize)| {
            colours[x / 4] + 0.01 * ((y * 7 + x * 3 + c) % 5) as f32 - 0.02
        };
        let picture = Picture::from_pixels(Array3::from_shape_fn((10, 12, 3), noisy))?;
        let palette = main_colours(&picture, 3)?;
        let clean = palette.apply(&picture);
        for x in 0..12 {
            assert!((clean.pixels()[[5, x, 1]] - colours[x / 4]).abs() < 0.01);
            assert_eq!(clean.pixels()[[0, x, 0]], clean.pixels()[[9, x, 0]]);
        }
        // A picture may have fewer colours.
        let flat = Picture::from_pixels(Array3::from_elem((4, 4, 3), 0.25))?;
        assert_eq!(main_colours(&flat, 8)?.colours(), [[0.25; 3]]);
        assert!(main_colours(&flat, 1).is_err() && main_colours(&flat, 65).is_err());
        Ok(())
    }
}
