//! Similarity of two pictures of the same size, compared pixel by pixel: PSNR, SSIM and colour error within a
//! mask.

use ndarray::{ArrayView2, ArrayView3};

use crate::Error;
use crate::picture::Picture;

/// Peak signal-to-noise ratio in dB of two pictures (HxWxC in [-1, 1], both of the same size).
///
/// It is `10 log10(4 / mse)`: the range of values is 2, and `mse` is the mean squared error over all pixels
/// and colour channels. Higher means more similar; identical pictures give infinity.
///
/// # Errors
/// [`Error::SizeMismatch`]; [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`]
/// where one of the two is not a picture.
pub fn psnr(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> Result<f64, Error> {
    let (a, b) = same_size(a, b)?;
    let squares = a.data.iter().zip(&b.data).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    Ok(10.0 * (4.0 * a.data.len() as f64 / squares.sum::<f64>()).log10())
}

/// Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004) of two pictures (HxWxC in [-1, 1], both of
/// the same size). It is at most 1, the value for identical pictures.
///
/// Means, variances and covariance are weighted by a Gaussian of sigma 1.5 over 11x11 pixels, the constants are
/// `(0.01 * 2)^2` and `(0.03 * 2)^2`, and the result is the mean over the colour channels and over all positions
/// where the window lies within the picture. This equals scikit-image's `structural_similarity` with
/// `gaussian_weights=True, use_sample_covariance=False, data_range=2`.
///
/// # Errors
/// [`Error::SizeMismatch`], [`Error::TooSmall`] below 11x11; [`Error::Channels`], [`Error::Empty`],
/// [`Error::TooLarge`] and [`Error::Value`] where one of the two is not a picture.
pub fn ssim(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> Result<f64, Error> {
    let (a, b) = same_size(a, b)?;
    let (height, width) = a.size();
    if height < WINDOW || width < WINDOW {
        return Err(Error::TooSmall { height, width, least: WINDOW });
    }
    let channels = (0..3).map(|channel| {
        let plane = |picture: &Picture| -> Vec<f64> {
            picture.data.iter().skip(channel).step_by(3).map(|&v| f64::from(v)).collect()
        };
        plane_ssim(&plane(&a), &plane(&b), width)
    });
    Ok(channels.sum::<f64>() / 3.0)
}

/// Mean absolute colour difference of two pictures (HxWxC in [-1, 1], both of the same size) within a mask.
///
/// The mask is HxW with weights in [0, 1], by which the difference of each pixel is weighted. The result lies
/// between 0 (equal) and 2 (black against white); it is `None` if all weights are 0.
///
/// # Errors
/// [`Error::SizeMismatch`], [`Error::MaskWeight`]; [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`]
/// and [`Error::Value`] where one of the two is not a picture.
pub fn colour_error(
    a: ArrayView3<'_, f32>,
    b: ArrayView3<'_, f32>,
    mask: ArrayView2<'_, f32>,
) -> Result<Option<f64>, Error> {
    let (a, b) = same_size(a, b)?;
    if mask.dim() != a.size() {
        return Err(Error::SizeMismatch { expected: a.size(), found: mask.dim() });
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    let pixels = a.data.chunks_exact(3).zip(b.data.chunks_exact(3));
    for (((row, column), &weight), (a, b)) in mask.indexed_iter().zip(pixels) {
        if !(0.0..=1.0).contains(&weight) {
            return Err(Error::MaskWeight { row, column, value: weight });
        }
        let differences = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
        sum += f64::from(weight) * differences.sum::<f64>() / 3.0;
        weights += f64::from(weight);
    }
    Ok((weights > 0.0).then(|| sum / weights))
}

/// Side of the SSIM window in pixels.
const WINDOW: usize = 11;

fn same_size(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> Result<(Picture, Picture), Error> {
    let (a, b) = (Picture::new(a)?, Picture::new(b)?);
    if a.size() != b.size() {
        return Err(Error::SizeMismatch { expected: a.size(), found: b.size() });
    }
    Ok((a, b))
}

/// The structural similarity of one colour channel of two pictures.
fn plane_ssim(a: &[f64], b: &[f64], width: usize) -> f64 {
    const C1: f64 = (0.01 * 2.0) * (0.01 * 2.0);
    const C2: f64 = (0.03 * 2.0) * (0.03 * 2.0);
    let smooth_product = |x: &[f64], y: &[f64]| {
        let product: Vec<f64> = x.iter().zip(y).map(|(x, y)| x * y).collect();
        smooth(&product, width)
    };
    let (mean_a, mean_b) = (smooth(a, width), smooth(b, width));
    let (aa, bb, ab) = (smooth_product(a, a), smooth_product(b, b), smooth_product(a, b));
    let values = (0..mean_a.len()).map(|i| {
        let (ma, mb) = (mean_a[i], mean_b[i]);
        let (var_a, var_b, covariance) = (aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb);
        (2.0 * ma * mb + C1) * (2.0 * covariance + C2) / ((ma * ma + mb * mb + C1) * (var_a + var_b + C2))
    });
    values.sum::<f64>() / mean_a.len() as f64
}

/// The Gaussian weighted mean around each pixel that is at least 5 pixels away from the border.
fn smooth(plane: &[f64], width: usize) -> Vec<f64> {
    let gaussian: [f64; WINDOW] =
        std::array::from_fn(|i| (-(i as f64 - (WINDOW / 2) as f64).powi(2) / (2.0 * 1.5 * 1.5)).exp());
    let weights = gaussian.map(|value| value / gaussian.iter().sum::<f64>());
    let dot = |values: &mut dyn Iterator<Item = f64>| values.zip(weights).map(|(v, w)| v * w).sum::<f64>();
    let across: Vec<f64> = plane
        .chunks_exact(width)
        .flat_map(|row| row.windows(WINDOW).map(|window| dot(&mut window.iter().copied())))
        .collect();
    let columns = width + 1 - WINDOW;
    let rows = across.len() / columns + 1 - WINDOW;
    (0..rows * columns).map(|i| dot(&mut across[i..].iter().step_by(columns).copied())).collect()
}
