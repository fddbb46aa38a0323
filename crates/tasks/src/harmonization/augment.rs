//! The official program's augmentation: colours that are wrong, and places where the picture is missing.

use super::colour::{colours, on_colours, shift_hsv};
use crate::draws::Draws;
use ndarray::{Array3, s};

/// Probability that colours are changed, and that places are cut out.
const COLOUR: f64 = 0.25;
const CUT_OUT: f64 = 0.9;

/// Noise, invert or sepia, channel drop or shuffle, hue and saturation and value: how likely each.
const KINDS: [f64; 4] = [5.0, 5.0, 5.0, 1.0];

/// Shorter side that the cut-outs' sizes in pixels are meant for.
const USUAL_SIDE: f64 = 120.0;

/// Changes a picture (height x width x channels in [-1, 1]) at random, by `draws`. Gray pictures, which have
/// one colour channel: sepia becomes a darkening like its own, channels are neither dropped nor shuffled, hue
/// and saturation do nothing. Alpha stays as it is.
pub(crate) fn augment(pixels: &mut Array3<f32>, draws: &mut Draws) {
    if draws.chance(COLOUR) {
        change_colours(pixels, draws);
    }
    if draws.chance(CUT_OUT) {
        cut_out(pixels, draws);
    }
}

fn change_colours(pixels: &mut Array3<f32>, draws: &mut Draws) {
    let kind = draws.weighted(&KINDS);
    let first = draws.chance(0.5);
    match (kind, first) {
        (0, true) => multiply_noise(pixels, draws),
        (0, false) => add_noise(pixels, draws),
        (1, true) => on_colours(pixels, |c| c.map(|v| 1.0 - v)),
        (1, false) => on_colours(pixels, sepia),
        (2, _) if colours(pixels) == 1 => {}
        (2, true) => {
            let dropped = draws.whole(0, 2);
            pixels.slice_mut(s![.., .., dropped]).fill(-1.0);
        }
        (2, false) => {
            let order = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][draws.whole(0, 5)];
            on_colours(pixels, |c| order.map(|k| c[k]));
        }
        _ => {
            // Ranges of 8 bit pictures: hue in steps of two degrees, the others of 255.
            let (hue, saturation, value) =
                (draws.between(-20.0, 20.0), draws.between(-30.0, 30.0), draws.between(-20.0, 20.0));
            on_colours(pixels, |c| shift_hsv(c, 2.0 * hue, saturation / 255.0, value / 255.0));
        }
    }
}

/// Every value times a number of its own in 0.5..1.5 (of the range from black).
fn multiply_noise(pixels: &mut Array3<f32>, draws: &Draws) {
    let n = colours(pixels);
    let mut factors = kernels::uniform(draws.noise(0), pixels.len()).into_iter();
    for v in pixels.slice_mut(s![.., .., ..n]) {
        let factor = 0.5 + factors.next().unwrap_or(0.5) as f32;
        *v = ((*v + 1.0) * factor - 1.0).clamp(-1.0, 1.0);
    }
}

/// Normal noise of a deviation between 1 and 5 per cent of the range.
fn add_noise(pixels: &mut Array3<f32>, draws: &mut Draws) {
    let n = colours(pixels);
    let deviation = 2.0 * draws.between(0.01, 0.05);
    let uniform = kernels::uniform(draws.noise(0), 2 * pixels.len());
    let mut pairs = uniform.chunks_exact(2);
    for v in pixels.slice_mut(s![.., .., ..n]) {
        let Some(&[a, b]) = pairs.next() else { return };
        // Box and Muller's.
        let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        *v = (*v + (deviation * normal) as f32).clamp(-1.0, 1.0);
    }
}

fn sepia([r, g, b]: [f64; 3]) -> [f64; 3] {
    [0.393 * r + 0.769 * g + 0.189 * b, 0.349 * r + 0.686 * g + 0.168 * b, 0.272 * r + 0.534 * g + 0.131 * b]
}

/// One rectangle of 30 to 60 px a side or two of 15 to 30 px, in a random colour, at a shorter side of 120 px.
fn cut_out(pixels: &mut Array3<f32>, draws: &mut Draws) {
    let (h, w, _) = pixels.dim();
    let scale = h.min(w) as f64 / USUAL_SIDE;
    let (count, least, most) = if draws.chance(0.5) { (1, 30.0, 60.0) } else { (2, 15.0, 30.0) };
    let colour: [f32; 3] = std::array::from_fn(|_| draws.between(-1.0, 1.0) as f32);
    for _ in 0..count {
        let mut side = |longest: usize| {
            let side = (draws.between(least, most) * scale).round() as usize;
            let side = side.clamp(1, longest);
            (draws.whole(0, longest - side), side)
        };
        let ((y, height), (x, width)) = (side(h), side(w));
        for (c, &value) in colour.iter().enumerate().take(colours(pixels)) {
            pixels.slice_mut(s![y..y + height, x..x + width, c]).fill(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use train::Moment;

    fn draws(iteration: usize) -> Draws {
        Draws::new(Moment::training(1, 0, iteration), 0)
    }

    fn ramp(channels: usize) -> Array3<f32> {
        Array3::from_shape_fn((40, 60, channels), |(y, x, c)| {
            ((y + 2 * x + 30 * c) % 200) as f32 / 100.0 - 1.0
        })
    }

    #[test]
    fn most_pictures_miss_a_place_and_a_quarter_has_other_colours() {
        let (mut whole, mut recoloured, n) = (0, 0, 400);
        for iteration in 0..n {
            let mut pixels = ramp(3);
            augment(&mut pixels, &mut draws(iteration));
            assert!(pixels.iter().all(|v| (-1.0..=1.0).contains(v)));
            let original = ramp(3);
            let changed = pixels.outer_iter().zip(original.outer_iter());
            let rows =
                changed.filter(|(a, b)| a.iter().zip(b.iter()).any(|(a, b)| (a - b).abs() > 1e-6)).count();
            whole += u32::from(rows == 0);
            recoloured += u32::from(rows == 40);
        }
        assert!((15..60).contains(&whole), "{whole} of {n} are whole");
        assert!((60..130).contains(&recoloured), "{recoloured} of {n} are recoloured");
    }

    #[test]
    fn cut_outs_have_the_sizes_of_a_third_of_the_usual_picture() {
        for iteration in 0..50 {
            let mut pixels = Array3::<f32>::from_elem((40, 90, 1), 2.0);
            cut_out(&mut pixels, &mut draws(iteration));
            let rows = pixels.outer_iter().filter(|row| row.iter().any(|&v| v < 2.0)).count();
            assert!((5..=20).contains(&rows), "{rows} rows");
        }
    }

    #[test]
    fn alpha_is_left_alone() {
        for iteration in 0..50 {
            for channels in [2, 4] {
                let mut pixels = ramp(channels);
                augment(&mut pixels, &mut draws(iteration));
                let alpha = s![.., .., channels - 1];
                assert_eq!(pixels.slice(alpha), ramp(channels).slice(alpha));
            }
        }
    }
}
