//! Enlarging with the true pixels in mind: a small network learns, from the picture's own reductions, what the bicubic
//! enlargement misses.
//!
//! Internal learning as in Shocher, Cohen, Irani, "Zero-Shot Super-Resolution using Deep Internal Learning" (CVPR 2018). The
//! network is a generator of one stage whose output is added to the enlargement.

use super::pairs::{Pair, crops, pairs, turned, turned_back};
use super::resample::{ROUNDS, back_project, enlarge, enlarged_size, size_of, steps};
use super::strips;
use crate::Result;
use candle_core::{DType, Device, Tensor};
use kernels::{Purpose, Stream};
use model::{ActivationKind, Border, Generator, Inputs, NetConfig};
use ndarray::{Array3, ArrayView3, s};
use pyramid::Picture;
use std::collections::HashMap;
use train::Adam;

/// How a picture's own network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct FidelitySettings {
    /// Seed of weights and crops, 0 to 2^63 - 1.
    pub seed: u64,
    /// Iterations, 1 to 1000000.
    pub niter: usize,
    /// Longer side of what is trained on, pixels.
    pub max_size: usize,
}

impl Default for FidelitySettings {
    fn default() -> Self {
        FidelitySettings { seed: 0, niter: 2000, max_size: 250 }
    }
}

/// Crops of an iteration.
const BATCH: usize = 4;

/// Side of a crop.
const CROP: usize = 40;

/// Rows and columns along a crop's border of which the loss takes no notice: the network sees zeros beyond it.
const RING: usize = 3;

/// Rate at first; it falls to nothing along half a cosine.
const RATE: f64 = 1e-3;

/// A picture's own enlarger by one step.
#[derive(Debug)]
pub(crate) struct Enlarger {
    network: Generator,
}

/// The network: residual on the enlargement.
fn net(channels: usize) -> NetConfig {
    NetConfig {
        channels,
        filters: 64,
        kernel: 3,
        layers: 6,
        activation: ActivationKind::Lrelu,
        lrelu_alpha: 0.05,
        batch_norm: false,
        border: Border::Padded,
    }
}

impl Enlarger {
    /// Trains on `picture` for steps of `factor`. `progress` is told how many iterations are done and the loss, and says
    /// whether to go on.
    pub(crate) fn train(
        picture: &Picture,
        factor: f64,
        settings: &FidelitySettings,
        progress: &mut dyn FnMut(usize, f32) -> bool,
    ) -> Result<Option<Self>> {
        let device = Device::Cpu;
        let network = untrained(picture.channels(), settings.seed, &device)?;
        let pairs = pairs(picture.pixels(), factor)?;
        let mut adam = Adam::new(vec![(network.parameters(), RATE)], 0.9)?;
        for iteration in 0..settings.niter {
            let done = iteration as f64 / settings.niter as f64;
            let factor = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
            let loss = step(&network, &mut adam, &pairs, settings.seed, iteration, factor)?;
            if !progress(iteration + 1, loss) {
                return Ok(None);
            }
        }
        Ok(Some(Enlarger { network }))
    }

    /// What is to be added to `enlarged` (height x width x channels): the mean over the eight orientations.
    fn residual(&self, enlarged: ArrayView3<'_, f32>) -> Result<Array3<f32>> {
        let mut sum = Array3::zeros(enlarged.dim());
        for orientation in 0..8 {
            let wide = mirrored(turned(enlarged, orientation), HALO);
            let residual = array(&strips::forward(&self.network, &tensor(wide.view())?)?)?;
            let (h, w, _) = wide.dim();
            let inner = residual.slice(s![HALO..h - HALO, HALO..w - HALO, ..]);
            sum += &turned_back(inner, orientation);
        }
        Ok(sum / 8.0)
    }

    /// `picture` enlarged by `factor`.
    pub(crate) fn apply(&self, picture: &Picture, factor: f64) -> Result<Picture> {
        let low = picture.pixels();
        let (step, count) = steps(factor);
        let mut high = low.to_owned();
        for done in 1..=count {
            let so_far = if done == count { factor } else { step.powi(done as i32) };
            let size = enlarged_size(size_of(&low), so_far);
            let enlarged = enlarge(high.view(), step, size)?;
            high = (&enlarged + &self.residual(enlarged.view())?).mapv_into(|v| v.clamp(-1.0, 1.0));
            high = back_project(high, low, so_far, ROUNDS)?;
        }
        Ok(Picture::from_pixels(high)?)
    }
}

/// Half the network's receptive field: so much is mirrored around a picture, so that it sees no zeros.
const HALO: usize = 8;

/// One step along the gradient of the mean squared error; the loss.
fn step(
    network: &Generator,
    adam: &mut Adam,
    pairs: &[Pair],
    seed: u64,
    iteration: usize,
    factor: f64,
) -> Result<f32> {
    let (enlarged, truth) = crops(pairs, CROP, BATCH, seed, iteration);
    let (n, h, w, c) = enlarged.dim();
    let missing = &truth - &enlarged;
    let batch = |values: ndarray::Array4<f32>| {
        Tensor::from_vec(values.into_raw_vec_and_offset().0, (n, h, w, c), &Device::Cpu)
    };
    let (enlarged, missing) = (batch(enlarged)?, batch(missing)?);
    let inputs = Inputs { noise: &[enlarged], sizes: &[(h, w)], amps: &[0.0] };
    let tape = network.forward_tape(inputs, None, 0)?;
    let (loss, gradient) = kernels::mse(tape.picture(), &missing, 1.0)?;
    let ring = RING.min((h - 1) / 2).min((w - 1) / 2);
    let gradient = gradient
        .narrow(1, ring, h - 2 * ring)?
        .narrow(2, ring, w - 2 * ring)?
        .pad_with_zeros(1, ring, ring)?
        .pad_with_zeros(2, ring, ring)?
        .contiguous()?;
    adam.step(&network.backward(&tape, &gradient)?, factor, 1)?;
    Ok(loss.to_vec1::<f32>()?[0])
}

/// First weights: those of the generator, larger by what keeps the features' size through so many layers (He et al. 2015), and
/// a tail of zeros, so that training begins at the bicubic enlargement.
fn untrained(channels: usize, seed: u64, device: &Device) -> Result<Generator> {
    let stream = Stream { seed, purpose: Purpose::Weights, stage: 0, level: 2, iteration: 0 };
    let network = Generator::new(&net(channels), stream, device)?;
    let parameters = network.parameters();
    let mut weights = HashMap::new();
    for (name, parameter) in &parameters {
        let first = if name.starts_with("tail") || name.ends_with("bias") {
            Tensor::zeros(parameter.shape(), DType::F32, device)?
        } else {
            let (_, inputs, h, w) = parameter.dims4()?;
            parameter.affine((2.0 / (inputs * h * w) as f64).sqrt() / 0.02, 0.0)?
        };
        weights.insert(name.clone(), first);
    }
    model::weights::assign(&parameters, &weights)?;
    Ok(network)
}

/// `pixels` with `by` rows and columns mirrored around them.
fn mirrored(pixels: ArrayView3<'_, f32>, by: usize) -> Array3<f32> {
    let (h, w, c) = pixels.dim();
    let inside = |i: usize, n: usize| {
        let i = (i as isize - by as isize).rem_euclid(2 * n as isize) as usize;
        if i < n { i } else { 2 * n - 1 - i }
    };
    Array3::from_shape_fn((h + 2 * by, w + 2 * by, c), |(y, x, c)| pixels[[inside(y, h), inside(x, w), c]])
}

fn tensor(pixels: ArrayView3<'_, f32>) -> Result<Tensor> {
    let (h, w, c) = pixels.dim();
    Ok(Tensor::from_vec(pixels.iter().copied().collect::<Vec<_>>(), (1, h, w, c), &Device::Cpu)?)
}

fn array(x: &Tensor) -> Result<Array3<f32>> {
    Ok(train::picture(x)?.into_pixels())
}
