//! The colours of one picture mapped to another's, place by place: an affine map, fitted by least squares.

use crate::Result;
use image::{GrayImage, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array2, Array3};
use pyramid::{Target, imresize};

/// Weight of the identity beside the pixels, so that a place of one colour does not let the map run away.
const IDENTITY: f64 = 0.05;

/// `naive` with the colours of `network` (which may have another size) in `places` (of the network's size, 1 inside): every
/// connected one gets the affine map of all channels that fits there best. What is outside them stays.
pub(crate) fn matched(
    naive: &Array3<f32>,
    network: &Array3<f32>,
    places: &Array2<f32>,
) -> Result<Array3<f32>> {
    let (h, w, channels) = naive.dim();
    let (sh, sw, _) = network.dim();
    let small = imresize(naive.view(), Target::Size((sh, sw)))?;
    let labels = labels(places);
    let mut fits: Vec<Fit> = Vec::new();
    for ((y, x), &label) in labels.indexed_iter() {
        fits.resize_with(fits.len().max(label), || Fit::new(channels));
        if let Some(fit) = label.checked_sub(1).and_then(|index| fits.get_mut(index)) {
            fit.add(|c| f64::from(small[[y, x, c]]), |c| f64::from(network[[y, x, c]]));
        }
    }
    let maps: Vec<DMatrix<f64>> = fits.into_iter().map(Fit::map).collect();
    let mut result = naive.clone();
    for y in 0..h {
        for x in 0..w {
            let label = labels[[((2 * y + 1) * sh) / (2 * h), ((2 * x + 1) * sw) / (2 * w)]];
            let Some(map) = label.checked_sub(1).and_then(|index| maps.get(index)) else { continue };
            for c in 0..channels {
                let value = |k: usize| f64::from(naive[[y, x, k]]);
                let sum: f64 = (0..channels).map(|k| map[(k, c)] * value(k)).sum();
                result[[y, x, c]] = (sum + map[(channels, c)]) as f32;
            }
        }
    }
    Ok(result)
}

/// A number for each connected place where the mask is not 0, from 1 on; 0 elsewhere.
fn labels(places: &Array2<f32>) -> Array2<usize> {
    let (h, w) = places.dim();
    let inside = |y: usize, x: usize| u8::from(places[[y, x]] > 0.5);
    let image = GrayImage::from_fn(w as u32, h as u32, |x, y| Luma([inside(y as usize, x as usize)]));
    let labels = connected_components(&image, Connectivity::Eight, Luma([0u8]));
    Array2::from_shape_fn((h, w), |(y, x)| labels.get_pixel(x as u32, y as u32).0[0] as usize)
}

/// Least squares of an affine map, towards the identity.
struct Fit {
    channels: usize,
    count: f64,
    squares: DMatrix<f64>,
    products: DMatrix<f64>,
}

impl Fit {
    fn new(channels: usize) -> Self {
        let n = channels + 1;
        Fit { channels, count: 0.0, squares: DMatrix::zeros(n, n), products: DMatrix::zeros(n, channels) }
    }

    fn add(&mut self, from: impl Fn(usize) -> f64, to: impl Fn(usize) -> f64) {
        let n = self.channels;
        let from = DVector::from_fn(n + 1, |k, _| if k < n { from(k) } else { 1.0 });
        self.count += 1.0;
        for c in 0..n {
            self.products.column_mut(c).axpy(to(c), &from, 1.0);
        }
        self.squares.ger(1.0, &from, &from, 1.0);
    }

    /// Rows: channels and 1; columns: channels.
    fn map(mut self) -> DMatrix<f64> {
        let n = self.channels;
        let identity = DMatrix::from_fn(n + 1, n, |k, c| f64::from(u8::from(k == c)));
        let pull = IDENTITY * self.count + 1e-9;
        for k in 0..n {
            self.squares[(k, k)] += pull;
            self.products[(k, k)] += pull;
        }
        self.squares[(n, n)] += 1e-9;
        match self.squares.cholesky() {
            Some(cholesky) => cholesky.solve(&self.products),
            None => identity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_gets_back_the_colours_it_lost() -> Result<()> {
        let (h, w) = (30, 60);
        let real = Array3::from_shape_fn((h, w, 3), |(y, x, c)| ((y * 7 + x * (3 + c)) as f32).sin() * 0.5);
        let mut places = Array2::<f32>::zeros((h, w));
        let mut naive = real.clone();
        for y in 5..25 {
            for x in (5..25).chain(35..55) {
                places[[y, x]] = 1.0;
                for c in 0..3 {
                    let v = &mut naive[[y, x, c]];
                    *v = if x < 30 { 0.7 * *v + 0.2 } else { 1.2 * *v - 0.1 * c as f32 };
                }
            }
        }
        let error = |a: &Array3<f32>| (a - &real).mapv(f32::abs).sum();
        let back = matched(&naive, &real, &places)?;
        assert!(error(&back) < 0.25 * error(&naive), "{} against {}", error(&back), error(&naive));
        Ok(())
    }
}
