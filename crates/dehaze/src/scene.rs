//! How much of the light in the darkest places of a picture is the scene's own.
//!
//! Light that remains where the haze is least is haze all over, or a scene without black: a desert, a valley
//! that is hazy by itself, a gray picture. Both look the same to the model of haze. What tells them apart, a
//! little, is the contrast there: haze that is thin enough to show dark places shows their texture too. Where
//! little of it is seen, the scene is taken to be pale, and is not darkened.

use crate::maps::{Map, brightness, mean, quantile};
use ndarray::{ArrayView1, ArrayView3, Axis};

/// Share of pixels that are darker than what counts as the scene's darkest.
const DARKEST: f64 = 0.005;

/// Share of the darkest light that is the scene's in colourful pictures, which nearly always have something
/// darker in some channel.
const COLOURFUL: f32 = 0.3;

/// The same in gray pictures, as an exponent of what is not light, and the most of it.
const GRAY: (f32, f32) = (0.75, 0.5);

/// Share of the pixels in the least hazy place.
const CLEAREST: f64 = 0.2;

/// Local contrast (a standard deviation, as a share of the light that is not veil) of an ordinary scene where
/// the haze is least.
const ORDINARY_CONTRAST: f32 = 0.12;

/// Darkest light that ordinary scenes behind haze have.
const ORDINARY_DARKEST: f32 = 0.2;

/// Light attributed to the scene for each unit of contrast that is missing times each unit of darkest light
/// above the ordinary one.
const PALE: f32 = 22.0;

/// Largest share of the darkest light that is the scene's in a colourful picture, so that dense fog is
/// thinned at least.
const PALEST: f32 = 0.65;

/// Radius of the windows for local contrast, as a share of the longer side.
const WINDOW: f64 = 0.03;

/// The scene's own light in the darkest places, as a share of the airlight: of a picture in [0, 1], the
/// largest shares that its pixels may have of airlight, and the veil, which is a surface below those.
pub(crate) fn light_of_the_scene(hazy: ArrayView3<'_, f32>, shares: &Map, veil: &Map) -> f32 {
    let darkest = quantile(shares.iter().copied(), DARKEST);
    let gray = (1.0 - (1.0 - darkest).powf(GRAY.0)).min(GRAY.1);
    let missing = (ORDINARY_CONTRAST - contrast_where_clearest(hazy, veil)).max(0.0);
    let pale = PALE * (darkest - ORDINARY_DARKEST).max(0.0) * missing;
    let colourful = (COLOURFUL * darkest + pale).min(PALEST * darkest);
    gray + (colourful - gray) * colourfulness(hazy)
}

/// The mean local standard deviation of the light where the veil is least, as a share of what is not veil
/// there.
fn contrast_where_clearest(hazy: ArrayView3<'_, f32>, veil: &Map) -> f32 {
    let light = brightness(hazy);
    let radius = (WINDOW * light.dim().0.max(light.dim().1) as f64).round().max(1.0) as usize;
    let around = mean(light.view(), radius);
    let variance = mean((&light * &light).view(), radius) - &around * &around;
    let least = quantile(veil.iter().copied(), CLEAREST);
    let clearest = veil.iter().zip(&variance).filter(|&(v, _)| *v <= least);
    let (sum, count) =
        clearest.fold((0.0, 0.0), |(sum, n), (_, v)| (sum + f64::from(v.max(0.0).sqrt()), n + 1.0));
    (sum / f64::max(count, 1.0)) as f32 / (1.0 - least).max(0.1)
}

/// From 0, gray, to 1, for most colour photographs: the mean difference of the channels over the picture's
/// contrast, both of which haze takes away alike.
fn colourfulness(hazy: ArrayView3<'_, f32>) -> f32 {
    let range = |pixel: ArrayView1<'_, f32>| {
        pixel.iter().copied().fold(0.0, f32::max) - pixel.iter().copied().fold(1.0, f32::min)
    };
    let colour = hazy.map_axis(Axis(2), range).mean().unwrap_or(0.0);
    let contrast = brightness(hazy).std(0.0);
    ((colour / contrast.max(1e-3) - 0.1) / 0.4).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// Colourful checks around 0.5 with the given contrast, none of them dark.
    fn checks(contrast: f32) -> Array3<f32> {
        Array3::from_shape_fn((60, 90, 3), |(y, x, c)| {
            0.45 + 0.05 * c as f32 + contrast * if (y / 2 + x / 2) % 2 == 0 { 1.0 } else { -1.0 }
        })
    }

    #[test]
    fn a_pale_scene_without_contrast_keeps_its_light() {
        let light = |contrast: f32| {
            let hazy = checks(contrast);
            let shares = Map::from_elem((60, 90), 0.4);
            light_of_the_scene(hazy.view(), &shares, &shares)
        };
        let (pale, ordinary) = (light(0.02), light(0.12));
        assert!(pale > ordinary + 0.1, "{pale} against {ordinary}");
        assert!(ordinary < 0.2, "{ordinary}");
    }

    #[test]
    fn something_black_leaves_no_light_to_the_scene() {
        let shares = Map::from_shape_fn((60, 90), |(y, _)| if y < 10 { 0.0 } else { 0.5 });
        assert!(light_of_the_scene(checks(0.02).view(), &shares, &shares) < 1e-6);
    }
}
