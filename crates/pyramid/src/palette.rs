//! Pictures of few colours: pixel art, game levels, maps.

use crate::Picture;
use ndarray::Axis;
use std::collections::{BTreeSet, HashMap};

/// Colours, each with one value a channel in [-1, 1].
#[derive(Clone, Debug, PartialEq)]
pub struct Palette(Vec<Vec<f32>>);

impl Palette {
    /// The most colours of a picture that count as a palette.
    pub const MOST: usize = 256;

    /// These colours; all must have as many channels.
    pub fn new(colours: Vec<Vec<f32>>) -> Self {
        Self(colours)
    }

    /// These colours as bytes, 0 to 255 a channel.
    pub fn from_bytes(colours: &[Vec<u8>]) -> Self {
        let value = |&v: &u8| crate::picture::from_unit(f64::from(v) / 255.0);
        Self(colours.iter().map(|colour| colour.iter().map(value).collect()).collect())
    }

    /// The colours of a picture as bytes, in ascending order; `None` where there are more than [`Self::MOST`].
    pub fn bytes_of(picture: &Picture) -> Option<Vec<Vec<u8>>> {
        let bytes = picture.to_u8();
        let mut colours = BTreeSet::new();
        for pixel in bytes.lanes(Axis(2)) {
            colours.insert(pixel.to_vec());
            if colours.len() > Self::MOST {
                return None;
            }
        }
        Some(colours.into_iter().collect())
    }

    /// The colours.
    pub fn colours(&self) -> &[Vec<f32>] {
        &self.0
    }

    /// The number of the colour that is nearest to `pixel`, the first of those that are equally near; 0 where there
    /// are no colours.
    pub fn nearest(&self, pixel: &[f32]) -> usize {
        let distance =
            |colour: &Vec<f32>| colour.iter().zip(pixel).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let distances = self.0.iter().map(distance);
        distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(i, _)| i)
    }

    /// The picture with every pixel's nearest colour; as it is where its channels are others.
    pub fn apply(&self, picture: &Picture) -> Picture {
        if self.0.first().is_none_or(|colour| colour.len() != picture.channels()) {
            return picture.clone();
        }
        let mut pixels = picture.pixels().to_owned();
        let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
        for mut pixel in pixels.lanes_mut(Axis(2)) {
            // Drawn areas are often flat, and then have few values.
            let key = pixel.iter().map(|v| v.to_bits()).collect();
            let index = *known.entry(key).or_insert_with(|| self.nearest(&pixel.to_vec()));
            pixel.iter_mut().zip(&self.0[index]).for_each(|(value, colour)| *value = *colour);
        }
        Picture::trusted(pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::Array3;

    #[test]
    fn a_picture_comes_back_with_its_own_colours_and_no_other() -> Result<(), Error> {
        let colours = [[0u8, 10, 20], [200, 30, 255], [90, 90, 90]];
        let level = Array3::from_shape_fn((16, 50, 3), |(y, x, c)| colours[(x / 4 + y / 3) % 3][c]);
        let level = Picture::from_u8(level.view())?;
        let bytes = Palette::bytes_of(&level).unwrap_or_default();
        assert_eq!(bytes.len(), 3);
        let palette = Palette::from_bytes(&bytes);
        assert_eq!(palette.apply(&level).to_u8(), level.to_u8());
        let noisy = level.pixels().mapv(|v| v * 0.9 + 0.05);
        let back = palette.apply(&Picture::from_pixels(noisy)?);
        assert_eq!(back.to_u8(), level.to_u8());
        let gradient = Array3::from_shape_fn((20, 20, 1), |(y, x, _)| (y * 20 + x) as f32 / 200.0 - 1.0);
        assert!(Palette::bytes_of(&Picture::from_pixels(gradient)?).is_some());
        let many = Array3::from_shape_fn((20, 20, 3), |(y, x, c)| [y, x, 0][c] as f32 / 10.0 - 1.0);
        assert_eq!(Palette::bytes_of(&Picture::from_pixels(many)?), None);
        Ok(())
    }
}
