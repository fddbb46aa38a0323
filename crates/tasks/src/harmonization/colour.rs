//! Colours of a picture, one pixel at a time, in [0, 1].

use ndarray::{Array3, s};
use palette::{Hsv, IntoColor, ShiftHue, Srgb};

/// How many of a picture's channels are colours: one of gray pictures, three of others; alpha is none.
pub(crate) fn colours(pixels: &Array3<f32>) -> usize {
    if pixels.dim().2 >= 3 { 3 } else { 1 }
}

/// Changes every pixel's colour; what leaves [0, 1] is cut off. Of a gray picture the three are equal, and become their mean.
pub(crate) fn on_colours(pixels: &mut Array3<f32>, change: impl Fn([f64; 3]) -> [f64; 3]) {
    let n = colours(pixels);
    for mut pixel in pixels.slice_mut(s![.., .., ..n]).lanes_mut(ndarray::Axis(2)) {
        let unit = |c: usize| (f64::from(pixel[c.min(n - 1)]) + 1.0) / 2.0;
        let changed = change([unit(0), unit(1), unit(2)]).map(|v| v.clamp(0.0, 1.0));
        if n == 1 {
            pixel[0] = (changed.iter().sum::<f64>() / 3.0 * 2.0 - 1.0) as f32;
            continue;
        }
        for (value, changed) in pixel.iter_mut().zip(changed) {
            *value = (changed * 2.0 - 1.0) as f32;
        }
    }
}

/// Turns the hue by degrees and adds to saturation and value.
pub(crate) fn shift_hsv([r, g, b]: [f64; 3], hue: f64, saturation: f64, value: f64) -> [f64; 3] {
    let hsv: Hsv<palette::encoding::Srgb, f64> = Srgb::new(r, g, b).into_color();
    let mut hsv = hsv.shift_hue(hue);
    hsv.saturation = (hsv.saturation + saturation).clamp(0.0, 1.0);
    hsv.value = (hsv.value + value).clamp(0.0, 1.0);
    let rgb: Srgb<f64> = hsv.into_color();
    [rgb.red, rgb.green, rgb.blue]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_turn_and_grays_have_none() {
        let green = shift_hsv([1.0, 0.0, 0.0], 120.0, 0.0, 0.0);
        assert!(green.iter().zip([0.0, 1.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-9), "{green:?}");
        let gray = shift_hsv([0.5; 3], 77.0, 0.0, 0.1);
        assert!(gray.iter().all(|v| (v - 0.6).abs() < 1e-9), "{gray:?}");
    }

    #[test]
    fn gray_pictures_stay_gray() {
        let mut pixels = Array3::from_elem((2, 2, 2), 0.0);
        on_colours(&mut pixels, |[r, g, b]| [r, g + 0.3, b + 9.0]);
        let expected = (0.5 + 0.8 + 1.0) / 3.0 * 2.0 - 1.0;
        assert!((pixels[[1, 1, 0]] - expected as f32).abs() < 1e-6 && pixels[[1, 1, 1]] == 0.0);
    }
}
