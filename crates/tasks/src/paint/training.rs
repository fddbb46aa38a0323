//! The training input for paintings: the network learns to restore the picture from flat, rough versions of
//! it.
//!
//! The pairs (rough version, picture) are of one picture; windows of all sizes and mirror images of them are what lets the
//! network fill areas that lie elsewhere (DeepSIM, Vinker, Horwitz, Zabari and Hoshen 2021, trains on one pair likewise).

use super::palette::main_colours;
use crate::Result;
use crate::draws::Draws;
use candle_core::Tensor;
use ndarray::{Array3, s};
use pyramid::Picture;
use train::pictures::{add_noise, overwrite, pixels, resized, tensor_of};
use train::{Example, FirstInput, Moment, TrainConfig};

/// Colours of the rough versions.
const COLOURS: [usize; 5] = [3, 4, 6, 9, 14];
/// How much smaller the picture is made before its colours are taken, so that areas are plain.
const SMOOTHED: [f64; 2] = [1.5, 3.0];
/// Deviation of the noise on what enters, in training and in painting. Without it a painting gives one picture, however
/// often it is drawn; from 0.3 on spots appear.
pub(crate) const NOISE: f64 = 0.2;
/// Smallest window, of the picture's sides.
const SMALLEST: f64 = 0.6;

/// The settings for `base`, a preset's. Without batch norm, which would change the colours of one place for what lies at another.
pub(crate) fn settings(base: TrainConfig) -> TrainConfig {
    TrainConfig { train_stages: 4, min_size: 40, alpha: 30.0, ..base }
}

/// Stage 0's input: rough versions of the coarsest picture.
#[derive(Debug)]
pub(crate) struct Painted {
    rough: Vec<Array3<f32>>,
}

impl Painted {
    pub(crate) fn new(picture: Array3<f32>) -> Result<Self> {
        let (h, w, _) = picture.dim();
        let mut rough = Vec::new();
        for by in SMOOTHED {
            let side = |n: usize| ((n as f64 / by).round() as usize).max(2);
            let smooth = Picture::from_pixels(resized(&resized(&picture, (side(h), side(w)))?, (h, w))?)?;
            for colours in COLOURS {
                rough.push(main_colours(&smooth, colours)?.apply(&smooth).into_pixels());
            }
        }
        Ok(Self { rough })
    }

    /// A rough version and a window, as the moment has them.
    fn draw(&self, moment: Moment) -> (&Array3<f32>, Window) {
        let mut draws = Draws::new(moment, 0);
        let rough = &self.rough[draws.whole(0, self.rough.len() - 1)];
        (rough, Window::draw(rough.dim(), &mut draws))
    }
}

impl FirstInput for Painted {
    fn fixed(&self, real: &Tensor, _: u64) -> train::Result<Tensor> {
        // The version with most colours and smooth areas.
        tensor_of(&self.rough[self.rough.len() - 1], real.device())
    }

    fn fill(&self, target: &Tensor, moment: Moment) -> train::Result<()> {
        let (_, h, w, _) = target.dims4()?;
        let (rough, window) = self.draw(moment);
        overwrite(target, &window.of(rough, (h, w))?)?;
        target.slice_set(&add_noise(target, moment.noise(), NOISE)?, 0, 0)?;
        Ok(())
    }

    fn example(&self, real: &Tensor, moment: Moment) -> train::Result<Option<Example>> {
        let (_, h, w, _) = real.dims4()?;
        let (rough, window) = self.draw(moment);
        let (ch, cw, _) = rough.dim();
        let input = tensor_of(&window.of(rough, (ch, cw))?, real.device())?;
        let input = add_noise(&input, moment.noise(), NOISE)?;
        let target = tensor_of(&window.of(&pixels(real)?, (h, w))?, real.device())?;
        Ok(Some(Example { input, target }))
    }
}

/// A part of the picture, as shares of its height and width, and whether it is mirrored.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: (f64, f64),
    side: (f64, f64),
    mirrored: bool,
}

impl Window {
    /// One whose edges lie between the pixels of a coarsest picture of this shape.
    fn draw((h, w, _): (usize, usize, usize), draws: &mut Draws) -> Self {
        let mut axis = |n: usize| {
            let side = ((draws.between(SMALLEST, 1.0) * n as f64).ceil() as usize).min(n);
            (draws.whole(0, n - side) as f64 / n as f64, side as f64 / n as f64)
        };
        let ((y, height), (x, width)) = (axis(h), axis(w));
        Self { from: (y, x), side: (height, width), mirrored: draws.chance(0.5) }
    }

    /// Crops this part of `picture` and resizes it to `size`.
    fn of(self, picture: &Array3<f32>, size: (usize, usize)) -> train::Result<Array3<f32>> {
        let (h, w, _) = picture.dim();
        let axis = |n: usize, from: f64, side: f64| {
            let first = ((from * n as f64).round() as usize).min(n - 1);
            let end = (((from + side) * n as f64).round() as usize).clamp(first + 1, n);
            first..end
        };
        let (rows, columns) = (axis(h, self.from.0, self.side.0), axis(w, self.from.1, self.side.1));
        let part = picture.slice(s![rows, columns, ..]).to_owned();
        let mut part = resized(&part, size)?;
        if self.mirrored {
            part.invert_axis(ndarray::Axis(1));
        }
        Ok(part.as_standard_layout().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn examples_show_the_same_part_of_the_rough_and_the_real_picture() -> Result<()> {
        // Brightness tells where a pixel was.
        let ramp = |h: usize, w: usize| {
            let at = |(y, x, c): (usize, usize, usize)| match c {
                0 => (y as f32 + 0.5) / h as f32,
                _ => (x as f32 + 0.5) / w as f32,
            };
            Array3::from_shape_fn((h, w, 3), at)
        };
        let painted = Painted::new(ramp(40, 60))?;
        assert_eq!(painted.rough.len(), 10);
        let real = tensor_of(&ramp(80, 120), &Device::Cpu)?;
        for iteration in 0..20 {
            let moment = Moment::training(1, 1, iteration);
            let Some(example) = painted.example(&real, moment)? else { panic!("an example") };
            assert_eq!(
                (example.input.dims(), example.target.dims()),
                (&[1, 40, 60, 3][..], &[1, 80, 120, 3][..])
            );
            let mean = |x: &Tensor| -> Result<Vec<f32>> { Ok(x.mean((0, 1, 2))?.to_vec1()?) };
            for (a, b) in mean(&example.input)?.iter().zip(mean(&example.target)?) {
                assert!((a - b).abs() < 0.08, "{a} {b}");
            }
            let target = Tensor::zeros((1, 33, 21, 3), DType::F32, &Device::Cpu)?;
            painted.fill(&target, moment)?;
            assert!(target.abs()?.max_all()?.to_scalar::<f32>()? > 0.1);
        }
        Ok(())
    }
}
