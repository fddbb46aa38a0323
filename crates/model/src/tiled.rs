//! Pictures that can be tiled: the generator on a torus.
//!
//! Along a wrapped axis no border is made up. Whatever a convolution needs beyond an edge comes from the
//! other edge, and so do the taps of the upsampling, so that the position of the edge cannot be seen in the
//! picture.

use crate::block::chain_output;
use crate::{Border, Generator, Inputs, NetConfig, Result};
use candle_core::Tensor;
use kernels::{Activation, Wrap};

impl Generator {
    /// Pictures `[N, H, W, C]` in [-1, 1] whose edges meet along the axes that `wrap` names. The noise of a stage is of
    /// [`NetConfig::tiled_noise_shape`].
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] where noise or sizes have other shapes.
    pub fn forward_tiled(&self, inputs: Inputs<'_>, wrap: Wrap) -> Result<Tensor> {
        let (half, margin) = (self.config.half(), self.config.margin());
        let grown = self.config.border == Border::Grown;
        // What the other axes get as in `forward`: larger maps, or zeros.
        let grow = |wrapped: bool, by: usize| if grown && !wrapped { 2 * by } else { 0 };

        let x = pad(&inputs.noise[0], half, half, wrap)?;
        let x = self.head.forward(&x, 0)?.output;
        let (_, h, w, _) = x.dims4()?;
        let stem = (h + grow(wrap.rows, half), w + grow(wrap.columns, half));
        let x = kernels::bicubic_wrapped(&x, stem, wrap)?;
        let zeros = if grown { margin - half } else { margin };
        let mut x = chain_output(&self.body[0], &pad(&x, margin, zeros, wrap)?, 0)?;
        for (k, &(h, w)) in inputs.sizes.iter().enumerate().take(self.body.len()).skip(1) {
            let enlarged = (h + grow(wrap.rows, margin), w + grow(wrap.columns, margin));
            let noisy =
                (kernels::bicubic_wrapped(&x, enlarged, wrap)? + (&inputs.noise[k] * inputs.amps[k])?)?;
            let zeros = if grown { 0 } else { margin };
            let refined = chain_output(&self.body[k], &pad(&noisy, margin, zeros, wrap)?, 0)?;
            x = (refined + kernels::bicubic_wrapped(&x, (h, w), wrap)?)?;
        }
        let z = self.tail.forward(&pad(&x, half, half, wrap)?, 0)?;
        Ok(kernels::activate(&z, Activation::Tanh)?)
    }
}

impl NetConfig {
    /// [`NetConfig::noise_shape`] of a picture whose edges meet along the axes of `wrap`: those need no border.
    pub fn tiled_noise_shape(
        &self,
        stage: usize,
        (h, w): (usize, usize),
        wrap: Wrap,
    ) -> (usize, usize, usize) {
        let (grown_h, grown_w, channels) = self.noise_shape(stage, (h, w));
        (if wrap.rows { h } else { grown_h }, if wrap.columns { w } else { grown_w }, channels)
    }
}

/// `x [N, H, W, C]` with `p` pixels of the other edge around the wrapped axes and `zeros` zeros around the others.
fn pad(x: &Tensor, p: usize, zeros: usize, wrap: Wrap) -> Result<Tensor> {
    let mut x = x.clone();
    for (dim, wrapped) in [(1, wrap.rows), (2, wrap.columns)] {
        x = if wrapped {
            let n = x.dims()[dim];
            // The border may be wider than the picture.
            let from: Vec<u32> = (0..n + 2 * p).map(|i| ((i + n * p - p) % n) as u32).collect();
            x.index_select(&Tensor::new(from, x.device())?, dim)?
        } else {
            x.pad_with_zeros(dim, zeros, zeros)?
        };
    }
    Ok(x.contiguous()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{first_weights, weights};
    use candle_core::Device;
    use kernels::Stream;

    const DEVICE: Device = Device::Cpu;
    const NEVER: Wrap = Wrap { rows: false, columns: false };

    fn stream(level: u32) -> Stream {
        Stream::new(3, [7, 0, level], 0)
    }

    fn generator(border: Border) -> Result<Generator> {
        // Filters few enough for direct convolutions, whose rounding does not depend on the place.
        let config = NetConfig { filters: 8, layers: 2, border, ..NetConfig::default() };
        let stream = Stream::new(3, [1, 0, 0], 0);
        let g = Generator::new(&config, 2, first_weights::generator(&config, stream, &DEVICE))?;
        // Larger weights than those of the beginning, so that differences show.
        for (_, p) in g.parameters() {
            let louder = (&p * 8.0)?;
            weights::assign(&[("p".into(), p)], &[("p".to_string(), louder)].into_iter().collect())?;
        }
        Ok(g)
    }

    fn noise(g: &Generator, sizes: &[(usize, usize)], wrap: Wrap) -> Result<Vec<Tensor>> {
        let one = |(k, &size): (usize, &(usize, usize))| {
            Ok(kernels::normal(
                stream(k as u32),
                (0, 0),
                g.config().tiled_noise_shape(k, size, wrap),
                &DEVICE,
            )?)
        };
        sizes.iter().enumerate().map(one).collect()
    }

    fn roll(x: &Tensor, by: usize) -> Result<Tensor> {
        let n = x.dims()[2];
        Ok(Tensor::cat(&[x.narrow(2, n - by, by)?, x.narrow(2, 0, n - by)?], 2)?)
    }

    fn difference(a: &Tensor, b: &Tensor) -> Result<f32> {
        Ok((a - b)?.abs()?.max_all()?.to_scalar::<f32>()?)
    }

    #[test]
    fn a_torus_has_no_beginning() -> Result<()> {
        let sizes = [(10, 12), (15, 24)];
        for border in [Border::Grown, Border::Padded] {
            let g = generator(border)?;
            let wrap = Wrap { rows: false, columns: true };
            let noise = noise(&g, &sizes, wrap)?;
            let rolled = [roll(&noise[0], 3)?, roll(&noise[1], 6)?];
            let amps = [1.0, 0.5];
            let one = g.forward_tiled(Inputs { noise: &noise, sizes: &sizes, amps: &amps }, wrap)?;
            let other = g.forward_tiled(Inputs { noise: &rolled, sizes: &sizes, amps: &amps }, wrap)?;
            let off = difference(&roll(&one, 6)?, &other)?;
            assert!(off < 1e-5, "{border:?}: {off}");
            assert!(difference(&one, &other)? > 0.01, "{border:?}");
        }
        Ok(())
    }

    #[test]
    fn without_a_wrapped_axis_it_is_the_ordinary_forward() -> Result<()> {
        let sizes = [(10, 12), (15, 19)];
        for border in [Border::Grown, Border::Padded] {
            let g = generator(border)?;
            let noise = noise(&g, &sizes, NEVER)?;
            let inputs = Inputs { noise: &noise, sizes: &sizes, amps: &[1.0, 0.5] };
            assert!(difference(&g.forward(inputs)?, &g.forward_tiled(inputs, NEVER)?)? < 1e-5, "{border:?}");
        }
        Ok(())
    }

    #[test]
    fn borders_wider_than_the_picture_go_around_more_than_once() -> Result<()> {
        let x = Tensor::new(&[1f32, 2.0], &DEVICE)?.reshape((1, 1, 2, 1))?;
        let padded = pad(&x, 3, 0, Wrap { rows: false, columns: true })?;
        assert_eq!(padded.flatten_all()?.to_vec1::<f32>()?, [2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0]);
        Ok(())
    }
}
