//! The colours of one picture mapped to another's, place by place: an affine map, fitted by least squares to
//! what the network made and to the training picture's own colours for what looks alike.

use super::twins::{pixels, twins};
use crate::Result;
use image::{GrayImage, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array2, Array3};
use pyramid::{Target, imresize};

/// Weight of the identity in the fit, which keeps the map stable where a place has a single colour.
const IDENTITY: f64 = 0.05;

/// Rounds of fitting to twins. Each round gives less weight to twins that the fit before did not explain.
const ROUNDS: usize = 4;

/// `naive` with the colours of `network` (which may have another size) in `places` (of the network's size, 1
/// inside): every connected one gets the affine map of all channels that fits there best, to the network's
/// colours and to those of patches of `real`, the training picture, that are alike. What is outside the
/// places stays.
pub(crate) fn matched(
    naive: &Array3<f32>,
    network: &Array3<f32>,
    real: &Array3<f32>,
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
            fit.add(1.0, |c| f64::from(small[[y, x, c]]), |c| f64::from(network[[y, x, c]]));
        }
    }
    let mut maps: Vec<DMatrix<f64>> = Vec::new();
    for (index, fit) in fits.into_iter().enumerate() {
        maps.push(with_twins(fit, &small, real, |y, x| labels[[y, x]] == index + 1));
    }
    let mut result = naive.clone();
    for y in 0..h {
        for x in 0..w {
            let label = labels[[((2 * y + 1) * sh) / (2 * h), ((2 * x + 1) * sw) / (2 * w)]];
            let Some(map) = label.checked_sub(1).and_then(|index| maps.get(index)) else { continue };
            for c in 0..channels {
                result[[y, x, c]] = apply(map, |k| f64::from(naive[[y, x, k]]), c) as f32;
            }
        }
    }
    Ok(result)
}

/// The map of `fit`, which knows the network's colours, together with those of twins inside a place.
fn with_twins(
    fit: Fit,
    small: &Array3<f32>,
    real: &Array3<f32>,
    inside: impl Fn(usize, usize) -> bool,
) -> DMatrix<f64> {
    let channels = fit.channels;
    let found = twins(small, real, inside);
    let mut map = fit.clone().map();
    // Mean squared error of each pair of patches under the map so far.
    let error = |map: &DMatrix<f64>, pair| {
        let squares = pixels(pair).flat_map(|(own, there)| {
            (0..channels).map(move |c| {
                let mapped = apply(map, |k| f64::from(small[[own.0, own.1, k]]), c);
                (mapped - f64::from(real[[there.0, there.1, c]])).powi(2)
            })
        });
        squares.sum::<f64>() / pixels(pair).count() as f64
    };
    for _ in 0..ROUNDS {
        let errors: Vec<f64> = found.iter().map(|pair| error(&map, pair)).collect();
        let mut sorted = errors.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(&usual) = sorted.get(sorted.len() / 2) else { break };
        let mut both = fit.clone();
        for (pair, error) in found.iter().zip(errors) {
            let weight = pair.likeness / (1.0 + error / (usual + 1e-6));
            for (own, there) in pixels(pair) {
                both.add(
                    weight,
                    |c| f64::from(small[[own.0, own.1, c]]),
                    |c| f64::from(real[[there.0, there.1, c]]),
                );
            }
        }
        map = both.map();
    }
    map
}

/// Channel `c` of a mapped colour.
fn apply(map: &DMatrix<f64>, colour: impl Fn(usize) -> f64, c: usize) -> f64 {
    let channels = map.ncols();
    (0..channels).map(|k| map[(k, c)] * colour(k)).sum::<f64>() + map[(channels, c)]
}

/// A number for each connected place where the mask is not 0, from 1 on; 0 elsewhere.
fn labels(places: &Array2<f32>) -> Array2<usize> {
    let (h, w) = places.dim();
    let inside = |y: usize, x: usize| u8::from(places[[y, x]] > 0.5);
    let image = GrayImage::from_fn(w as u32, h as u32, |x, y| Luma([inside(y as usize, x as usize)]));
    let labels = connected_components(&image, Connectivity::Eight, Luma([0u8]));
    Array2::from_shape_fn((h, w), |(y, x)| labels.get_pixel(x as u32, y as u32).0[0] as usize)
}

/// Weighted least squares of an affine map, towards the identity.
#[derive(Clone)]
struct Fit {
    channels: usize,
    count: f64,
    squares: DMatrix<f64>,
    products: DMatrix<f64>,
}

impl Fit {
    fn new(channels: usize) -> Self {
        let n = channels + 1;
        Self { channels, count: 0.0, squares: DMatrix::zeros(n, n), products: DMatrix::zeros(n, channels) }
    }

    fn add(&mut self, weight: f64, from: impl Fn(usize) -> f64, to: impl Fn(usize) -> f64) {
        let n = self.channels;
        let from = DVector::from_fn(n + 1, |k, _| if k < n { from(k) } else { 1.0 });
        self.count += weight;
        for c in 0..n {
            self.products.column_mut(c).axpy(weight * to(c), &from, 1.0);
        }
        self.squares.ger(weight, &from, &from, 1.0);
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
        let back = matched(&naive, &real, &Array3::zeros((h, w, 3)), &places)?;
        assert!(error(&back) < 0.25 * error(&naive), "{} against {}", error(&back), error(&naive));
        Ok(())
    }
}
