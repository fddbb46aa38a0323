//! The model of haze, `I = J t + A (1 - t)`, forwards and backwards.

use crate::maps::{Map, colours};
use crate::{Error, Result};
use ndarray::{Array2, Array3, ArrayView3};
use pyramid::Picture;

/// The light that the haze scatters towards the camera: a value a colour channel, in [0, 1]; gray pictures have three
/// equal ones.
pub type Airlight = [f32; 3];

/// Puts haze over a clear picture: `I = J t + A (1 - t)` with `transmission`, height x width in [0, 1], of the picture's size.
/// The hazy picture is rounded to 8 bits, as a file would be; alpha stays.
///
/// # Errors
/// [`Error::Size`] if the transmission has another size than the picture.
pub fn haze(picture: &Picture, transmission: &Array2<f32>, airlight: Airlight) -> Result<Picture> {
    if transmission.dim() != picture.size() {
        return Err(Error::Size { found: transmission.dim(), expected: picture.size() });
    }
    let hazy = through_haze(colours(picture).view(), transmission, &airlight);
    let mut pixels = picture.pixels().to_owned();
    for ((y, x, c), &v) in hazy.indexed_iter() {
        pixels[[y, x, c]] = (v * 255.0).round() / 127.5 - 1.0;
    }
    Ok(Picture::from_pixels(pixels)?)
}

/// Smallest transmission to divide by. Below it the picture is mostly noise, which the division would
/// amplify.
pub(crate) const LEAST_TRANSMISSION: f32 = 0.1;

/// Puts haze over a picture (height x width x channels, in [0, 1]).
pub(crate) fn through_haze(clear: ArrayView3<'_, f32>, t: &Map, airlight: &Airlight) -> Array3<f32> {
    Array3::from_shape_fn(clear.dim(), |(y, x, c)| {
        clear[[y, x, c]] * t[[y, x]] + airlight[c] * (1.0 - t[[y, x]])
    })
}

/// The picture behind the haze, `(I - A) / max(t, t0) + A` in [0, 1].
pub(crate) fn behind_haze(hazy: ArrayView3<'_, f32>, t: &Map, airlight: &Airlight) -> Array3<f32> {
    Array3::from_shape_fn(hazy.dim(), |(y, x, c)| {
        let t = t[[y, x]].clamp(LEAST_TRANSMISSION, 1.0);
        ((hazy[[y, x, c]] - airlight[c]) / t + airlight[c]).clamp(0.0, 1.0)
    })
}

/// The transmission, raised where the picture behind the haze would leave the range: light above the airlight or below it is
/// multiplied by 1/t, which would turn a sky white and shadows black. Values that are at an end of the range in the hazy
/// picture stay there.
pub(crate) fn within_range(hazy: ArrayView3<'_, f32>, t: &Map, airlight: &Airlight) -> Map {
    // One step of 8 bits, so that rounding does not reach the end either.
    let (low, high) = (1.0 / 255.0, 254.0 / 255.0);
    Map::from_shape_fn(t.dim(), |(y, x)| {
        let least = (0..hazy.dim().2).map(|c| {
            let (light, a) = (hazy[[y, x, c]], airlight[c]);
            let room = if light > a { high - a } else { a - low };
            (light - a).abs() / room.max(1e-3)
        });
        least.fold(t[[y, x]], f32::max).min(1.0)
    })
}

/// An upper bound on each pixel's share of airlight, and so on 1 - t: the smallest ratio of a channel to the
/// airlight.
pub(crate) fn most_haze(hazy: ArrayView3<'_, f32>, airlight: &Airlight) -> Map {
    let (h, w, channels) = hazy.dim();
    Map::from_shape_fn((h, w), |(y, x)| {
        (0..channels).map(|c| hazy[[y, x, c]] / airlight[c].max(0.01)).fold(f32::INFINITY, f32::min).min(1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_through_haze_comes_back() {
        let clear = Array3::from_shape_fn((5, 7, 3), |(y, x, c)| (y * 21 + x * 3 + c) as f32 / 105.0);
        let t = Map::from_shape_fn((5, 7), |(y, x)| 0.15 + 0.02 * (y * 7 + x) as f32);
        let airlight = [0.9, 0.8, 0.95];
        let hazy = through_haze(clear.view(), &t, &airlight);
        let back = behind_haze(hazy.view(), &t, &airlight);
        assert!(clear.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
        // No pixel can contain more airlight than it contains light.
        let most = most_haze(hazy.view(), &airlight);
        assert!(most.iter().zip(&t).all(|(most, t)| 1.0 - t <= most + 1e-5));
    }

    #[test]
    fn no_pixel_is_newly_black_or_white() {
        let hazy = Array3::from_shape_fn((8, 8, 3), |(y, x, c)| (y * 24 + x * 3 + c) as f32 / 191.0);
        let airlight = [0.7, 0.8, 0.9];
        let t = within_range(hazy.view(), &Map::from_elem((8, 8), 0.2), &airlight);
        let clear = behind_haze(hazy.view(), &t, &airlight);
        for (&before, &after) in hazy.iter().zip(&clear) {
            let at_end = |v: f32| (v * 255.0).round() <= 0.0 || (v * 255.0).round() >= 255.0;
            assert!(at_end(before) || !at_end(after), "{before} became {after}");
        }
    }
}
