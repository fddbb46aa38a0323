//! Harmonization: the network learns to make a picture with wrong colours and missing places look like the training picture.

mod augment;
mod colour;
mod recolour;

use crate::draws::Draws;
use augment::augment;
use candle_core::Tensor;
use ndarray::Array3;
pub use recolour::Recolouring;
use recolour::{Patch, recolour};
use train::pictures::{overwrite, pixels, resized, tensor_of};
use train::{Example, FirstInput, Moment};

/// The input of stage 0: the coarsest picture, changed at random. The fixed input is the picture itself.
#[derive(Debug)]
pub(crate) struct Augmented {
    /// The coarsest picture.
    picture: Array3<f32>,
    /// Whether the network also learns to restore recoloured pictures, which the paper does not do.
    restores: bool,
}

impl Augmented {
    pub(crate) fn new(picture: Array3<f32>, restores: bool) -> Self {
        Self { picture, restores }
    }
}

impl FirstInput for Augmented {
    fn fixed(&self, real: &Tensor, _: u64) -> train::Result<Tensor> {
        Ok(real.clone())
    }

    fn fill(&self, target: &Tensor, moment: Moment) -> train::Result<()> {
        let (_, h, w, _) = target.dims4()?;
        let mut pixels = resized(&self.picture, (h, w))?;
        augment(&mut pixels, &mut Draws::new(moment, 0));
        overwrite(target, &pixels)
    }

    fn example(&self, real: &Tensor, moment: Moment) -> train::Result<Option<Example>> {
        if !self.restores {
            return Ok(None);
        }
        let mut draws = Draws::new(moment, 1);
        let (mut input, mut target) = (self.picture.clone(), pixels(real)?);
        let patch = Patch::draw(&mut draws);
        if let Some(patch) = &patch {
            patch.paste(&mut input);
            patch.paste(&mut target);
        }
        recolour(&mut input, patch.as_ref(), &mut draws);
        let input = tensor_of(&input, real.device())?;
        Ok(Some(Example { input, target: tensor_of(&target, real.device())? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn inputs_are_their_moments_whatever_was_drawn_before_and_whatever_the_size() -> train::Result<()> {
        let picture = Array3::from_shape_fn((20, 30, 3), |(y, x, c)| ((y * x + c) % 7) as f32 / 4.0 - 0.8);
        let first = Augmented::new(picture, true);
        let moment = |iteration| Moment::training(5, 0, iteration);
        let fill = |iteration, (h, w)| -> train::Result<Vec<f32>> {
            let target = Tensor::zeros((1, h, w, 3), DType::F32, &Device::Cpu)?;
            first.fill(&target, moment(iteration))?;
            Ok(target.flatten_all()?.to_vec1()?)
        };
        let once = fill(3, (20, 30))?;
        assert_ne!(fill(4, (20, 30))?, once);
        assert_eq!(fill(3, (20, 30))?, once);
        assert!(fill(3, (7, 91))?.iter().all(|v| (-1.0..=1.0).contains(v)));
        let real = Tensor::zeros((1, 40, 60, 3), DType::F32, &Device::Cpu)?;
        let example = |i| -> train::Result<Option<Vec<f32>>> {
            let Some(example) = first.example(&real, moment(i))? else { return Ok(None) };
            assert_eq!(example.input.dims(), [1, 20, 30, 3]);
            assert_eq!(example.target.dims(), [1, 40, 60, 3]);
            Ok(Some(example.input.flatten_all()?.to_vec1()?))
        };
        assert_eq!(example(3)?, example(3)?);
        assert_ne!(example(3)?, example(4)?);
        Ok(())
    }
}
