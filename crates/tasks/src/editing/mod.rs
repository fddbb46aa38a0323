//! Editing: the network learns to join parts of the picture that were moved elsewhere.

mod tiles;

use crate::draws::Draws;
use candle_core::Tensor;
use ndarray::Array3;
use tiles::move_tiles;
use train::pictures::{add_noise, overwrite, resized};
use train::{FirstInput, Moment, streams};

/// Deviation of the noise on every input of stage 0.
pub(crate) const NOISE: f64 = 0.1;

/// The input of stage 0: the coarsest picture with some of its parts copied elsewhere, with noise. The fixed
/// input is the picture with noise.
#[derive(Debug)]
pub(crate) struct Shuffled {
    /// The coarsest picture.
    picture: Array3<f32>,
}

impl Shuffled {
    pub(crate) fn new(picture: Array3<f32>) -> Self {
        Self { picture }
    }
}

impl FirstInput for Shuffled {
    fn fixed(&self, real: &Tensor, seed: u64) -> train::Result<Tensor> {
        add_noise(real, streams::fixed_noise(seed, 0), NOISE)
    }

    fn fill(&self, target: &Tensor, moment: Moment) -> train::Result<()> {
        let (_, h, w, _) = target.dims4()?;
        let mut pixels = resized(&self.picture, (h, w))?;
        move_tiles(&mut pixels, &mut Draws::new(moment, 0));
        overwrite(target, &pixels)?;
        Ok(target.slice_set(&add_noise(target, moment.noise(), NOISE)?, 0, 0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn inputs_are_the_picture_with_moved_parts_and_noise() -> train::Result<()> {
        let picture = Array3::from_shape_fn((30, 40, 1), |(y, x, _)| (y * 40 + x) as f32 / 600.0 - 1.0);
        let real = Tensor::from_iter(picture.iter().copied(), &Device::Cpu)?.reshape((1, 30, 40, 1))?;
        let first = Shuffled::new(picture);
        let deviation = |a: &Tensor| -> train::Result<f32> {
            Ok(((a - &real)?.sqr()?.mean_all()?.to_scalar::<f32>()?).sqrt())
        };
        assert!((deviation(&first.fixed(&real, 4)?)? - 0.1).abs() < 0.01);
        let moment = Moment::training(5, 0, 9);
        let target = Tensor::zeros((1, 30, 40, 1), DType::F32, &Device::Cpu)?;
        first.fill(&target, moment)?;
        let once = target.flatten_all()?.to_vec1::<f32>()?;
        assert!((0.1..0.5).contains(&deviation(&target)?), "{}", deviation(&target)?);
        first.fill(&target, moment)?;
        assert_eq!(target.flatten_all()?.to_vec1::<f32>()?, once);
        Ok(())
    }
}
