//! The main colours of a picture, by k-means with a deterministic start.

use crate::Result;
use limits::within;
use pyramid::Picture;

/// Rounds of moving the colours to the middle of the pixels that are nearest to them.
const ROUNDS: usize = 20;

/// Colours, one value a channel in [-1, 1].
#[derive(Clone, Debug)]
pub(crate) struct Palette(Vec<Vec<f32>>);

impl Palette {
    /// `count` colours of `picture` (fewer where it has fewer), 2 to 64.
    pub(crate) fn of(picture: &Picture, count: usize) -> Result<Self> {
        within("colours", count, 2..=64)?;
        let pixels: Vec<Vec<f32>> = pixels(picture);
        let mut colours = spread(&pixels, count);
        for _ in 0..ROUNDS {
            let mut sums = vec![(vec![0f64; picture.channels()], 0u32); colours.len()];
            for pixel in &pixels {
                let (sum, count) = &mut sums[nearest(&colours, pixel)];
                sum.iter_mut().zip(pixel).for_each(|(s, p)| *s += f64::from(*p));
                *count += 1;
            }
            for (colour, (sum, count)) in colours.iter_mut().zip(sums) {
                if count > 0 {
                    *colour = sum.iter().map(|s| (s / f64::from(count)) as f32).collect();
                }
            }
        }
        Ok(Self(colours))
    }

    /// `picture` with every pixel's nearest colour.
    pub(crate) fn apply(&self, picture: &Picture) -> Result<Picture> {
        let mut out = picture.pixels().to_owned();
        for mut pixel in out.lanes_mut(ndarray::Axis(2)) {
            let colour = &self.0[nearest(&self.0, &pixel.to_vec())];
            pixel.iter_mut().zip(colour).for_each(|(p, c)| *p = *c);
        }
        Ok(Picture::from_pixels(out)?)
    }
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

fn nearest(colours: &[Vec<f32>], pixel: &[f32]) -> usize {
    let distances = colours.iter().map(|colour| squared_distance(colour, pixel));
    let smallest = distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
    smallest.map_or(0, |(i, _)| i)
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
        let palette = Palette::of(&picture, 3)?;
        let clean = palette.apply(&picture)?;
        for x in 0..12 {
            assert!((clean.pixels()[[5, x, 1]] - colours[x / 4]).abs() < 0.01);
            assert_eq!(clean.pixels()[[0, x, 0]], clean.pixels()[[9, x, 0]]);
        }
        // A picture may have fewer colours.
        let flat = Picture::from_pixels(Array3::from_elem((4, 4, 3), 0.25))?;
        assert_eq!(Palette::of(&flat, 8)?.0, [[0.25; 3]]);
        assert!(Palette::of(&flat, 1).is_err() && Palette::of(&flat, 65).is_err());
        Ok(())
    }
}
