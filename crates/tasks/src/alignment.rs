//! Whether the pictures of a sample are aligned: their edges are in the same places.

use ndarray::{Array2, Axis};
use pyramid::Picture;

/// Correlation of edges between the pictures of a run that generates several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// That of the training pictures, -1 to 1: the mean over all pairs of pictures. It is low where the pictures have
    /// little in common to begin with.
    pub real: f64,
    /// The mean of the samples, which are aligned if it is about as high.
    pub samples: f64,
    count: f64,
}

impl Alignment {
    /// That of the training pictures, before any sample; `None` for fewer than two.
    pub(crate) fn of(reals: &[Picture]) -> Option<Self> {
        (reals.len() > 1).then(|| Self { real: correlation(reals), samples: 0.0, count: 0.0 })
    }

    /// Adds the pictures of a sample.
    pub(crate) fn add(&mut self, pictures: &[Picture]) {
        self.count += 1.0;
        self.samples += (correlation(pictures) - self.samples) / self.count;
    }
}

/// The mean of Pearson's correlation of the edges over all pairs.
fn correlation(pictures: &[Picture]) -> f64 {
    let edges: Vec<Array2<f32>> = pictures.iter().map(edges).collect();
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (i, a) in edges.iter().enumerate() {
        for b in &edges[i + 1..] {
            sum += pearson(a, b);
            pairs += 1.0;
        }
    }
    if pairs > 0.0 { sum / pairs } else { 0.0 }
}

/// The length of the gradient, summed over the channels. The square root makes strong edges count less, of which a few
/// would decide alone.
fn edges(picture: &Picture) -> Array2<f32> {
    let (h, w) = picture.size();
    let pixels = picture.pixels();
    Array2::from_shape_fn((h, w), |(y, x)| {
        let (below, right) = ((y + 1).min(h - 1), (x + 1).min(w - 1));
        let length: f32 = pixels
            .axis_iter(Axis(2))
            .map(|plane| (plane[[below, x]] - plane[[y, x]]).hypot(plane[[y, right]] - plane[[y, x]]))
            .sum();
        length.sqrt()
    })
}

/// 0 where one of them is constant.
fn pearson(a: &Array2<f32>, b: &Array2<f32>) -> f64 {
    let mean = |x: &Array2<f32>| x.iter().map(|&v| f64::from(v)).sum::<f64>() / x.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (&u, &v) in a.iter().zip(b) {
        let (u, v) = (f64::from(u) - mean_a, f64::from(v) - mean_b);
        product += u * v;
        square_a += u * u;
        square_b += v * v;
    }
    let scale = (square_a * square_b).sqrt();
    if scale > 0.0 { product / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn pictures_that_are_moved_apart_are_less_aligned() -> Result<(), pyramid::Error> {
        let blocks = |shift: usize, channels: usize| {
            Picture::from_pixels(Array3::from_shape_fn((40, 50, channels), |(y, x, c)| {
                ((((x + shift) / 7 * 31 + y / 6 * 17) * (c + 2)) % 11) as f32 / 6.0 - 0.9
            }))
        };
        let together = correlation(&[blocks(0, 3)?, blocks(0, 1)?]);
        let apart = correlation(&[blocks(0, 3)?, blocks(3, 1)?]);
        assert!(together > 0.6 && apart < 0.5 * together, "{together} {apart}");
        assert_eq!(Alignment::of(&[blocks(0, 3)?]), None);
        Ok(())
    }
}
