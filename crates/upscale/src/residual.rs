//! A small network that predicts the residual of an enlargement: its training on pairs, and its use on a
//! picture of any size.
//!
//! It is a generator of one stage. Its first input is the enlargement, and its output, a tanh, is the residual.

use crate::Result;
use crate::pairs::{Pair, crops, turned, turned_back};
use crate::strips;
use candle_core::{DType, Device, Tensor};
use model::{ActivationKind, Border, Generator, Inputs, NetConfig, first_weights};
use ndarray::{Array3, Array4, ArrayView3, s};
use pyramid::Size;
use std::collections::HashMap;
use train::{Adam, Stopped, streams};

/// Crops of an iteration.
const BATCH: usize = 4;

/// Side of a crop.
const CROP: usize = 40;

/// Rows and columns along a crop's border that the loss ignores, because the network sees zeros beyond it.
const RING: usize = 3;

/// Initial learning rate. It falls to zero along half a cosine.
const RATE: f64 = 1e-3;

/// Half the network's receptive field: so much is mirrored around a picture, so that it sees no zeros.
const HALO: usize = 8;

/// Mirror images and quarter turns of a picture.
const ORIENTATIONS: usize = 8;

/// The network's shape.
pub(crate) fn net(channels: usize) -> NetConfig {
    NetConfig {
        channels,
        filters: 64,
        kernel: 3,
        layers: 6,
        activation: ActivationKind::Lrelu,
        lrelu_alpha: 0.05,
        batch_norm: false,
        border: Border::Padded,
        ..NetConfig::default()
    }
}

/// Trains a network on `pairs`, which have `channels` channels each, for `niter` iterations. `progress` is told the loss of each and
/// may stop it.
pub(crate) fn train(
    pairs: &[Pair],
    channels: usize,
    seed: u64,
    niter: usize,
    progress: &mut dyn FnMut(f32) -> std::result::Result<(), Stopped>,
) -> Result<Generator> {
    let network = untrained(channels, seed)?;
    let mut adam = Adam::new(vec![(network.parameters(), RATE)], 0.9)?;
    for iteration in 0..niter {
        let done = iteration as f64 / niter as f64;
        let factor = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        let (enlarged, truth) = crops(pairs, CROP, BATCH, seed, iteration);
        progress(step(&network, &mut adam, enlarged, truth, factor)?)?;
    }
    Ok(network)
}

/// What is to be added to `enlarged` (height x width x channels): the mean over its orientations. `progress` is called after
/// each of their [`parts`] and may stop it.
pub(crate) fn residual(
    network: &Generator,
    enlarged: ArrayView3<'_, f32>,
    progress: &mut dyn FnMut() -> std::result::Result<(), Stopped>,
) -> Result<Array3<f32>> {
    let mut sum = Array3::zeros(enlarged.dim());
    for orientation in 0..ORIENTATIONS {
        let wide = mirrored(turned(enlarged, orientation), HALO);
        let (h, w, c) = wide.dim();
        let wide = Tensor::from_vec(wide.into_raw_vec_and_offset().0, (1, h, w, c), &Device::Cpu)?;
        let residual = train::picture(&strips::forward(network, &wide, progress)?)?.into_pixels();
        let inner = residual.slice(s![HALO..h - HALO, HALO..w - HALO, ..]);
        sum += &turned_back(inner, orientation);
    }
    Ok(sum / ORIENTATIONS as f32)
}

/// An estimate of what [`residual`] of a picture of this size costs, in iterations of [`train`]. In these, the network runs over
/// the crops forward and about twice as long backward.
pub(crate) fn cost((h, w): Size) -> f64 {
    let passed = ORIENTATIONS * (h + 2 * HALO) * (w + 2 * HALO);
    passed as f64 / (3 * BATCH * CROP * CROP) as f64
}

/// The number of strips in which [`residual`] computes all orientations of a picture of this size.
pub(crate) fn parts((h, w): Size) -> usize {
    let (h, w) = (h + 2 * HALO, w + 2 * HALO);
    ORIENTATIONS / 2 * (strips::count((h, w)) + strips::count((w, h)))
}

/// First weights: those of the generator, larger by what keeps the features' size through so many layers (He et al. 2015), and
/// a tail of zeros, so that training begins at the bicubic enlargement.
fn untrained(channels: usize, seed: u64) -> Result<Generator> {
    let net = net(channels);
    let first = first_weights::generator(&net, streams::enlarger_weights(seed), &Device::Cpu);
    let network = Generator::new(&net, 1, first)?;
    let parameters = network.parameters();
    let mut weights = HashMap::new();
    for (name, parameter) in &parameters {
        let first = if name.starts_with("tail") || name.ends_with("bias") {
            Tensor::zeros(parameter.shape(), DType::F32, &Device::Cpu)?
        } else {
            let (_, inputs, h, w) = parameter.dims4()?;
            parameter.affine((2.0 / (inputs * h * w) as f64).sqrt() / 0.02, 0.0)?
        };
        weights.insert(name.clone(), first);
    }
    model::weights::assign(&parameters, &weights)?;
    Ok(network)
}

/// One step along the gradient of the mean squared error; the loss.
fn step(
    network: &Generator,
    adam: &mut Adam,
    enlarged: Array4<f32>,
    truth: Array4<f32>,
    factor: f64,
) -> Result<f32> {
    let (n, h, w, c) = enlarged.dim();
    let missing = &truth - &enlarged;
    let batch = |values: Array4<f32>| {
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

/// `pixels` with `by` rows and columns mirrored around them.
fn mirrored(pixels: ArrayView3<'_, f32>, by: usize) -> Array3<f32> {
    let (h, w, c) = pixels.dim();
    let inside = |i: usize, n: usize| {
        let i = (i as isize - by as isize).rem_euclid(2 * n as isize) as usize;
        if i < n { i } else { 2 * n - 1 - i }
    };
    Array3::from_shape_fn((h + 2 * by, w + 2 * by, c), |(y, x, c)| pixels[[inside(y, h), inside(x, w), c]])
}
