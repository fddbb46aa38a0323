//! Pictures as arrays (height x width x channels) on their way to tensors (`[1, H, W, C]`) and back.

use candle_core::{Device, Tensor};
use kernels::Stream;
use ndarray::Array3;
use pyramid::{Target, imresize};

/// Resized to height and width, clamped to [-1, 1]; the same where the size is right already.
pub(crate) fn resized(pixels: &Array3<f32>, size: (usize, usize)) -> train::Result<Array3<f32>> {
    let (h, w, _) = pixels.dim();
    if (h, w) == size {
        return Ok(pixels.clone());
    }
    Ok(imresize(pixels.view(), Target::Size(size))?.mapv_into(|v| v.clamp(-1.0, 1.0)))
}

/// As a tensor.
pub(crate) fn tensor(pixels: &Array3<f32>, device: &Device) -> train::Result<Tensor> {
    let (h, w, c) = pixels.dim();
    Ok(Tensor::from_vec(pixels.iter().copied().collect(), (1, h, w, c), device)?)
}

/// Of a tensor.
pub(crate) fn pixels(x: &Tensor) -> train::Result<Array3<f32>> {
    Ok(train::picture(x)?.into_pixels())
}

/// Writes them over a tensor of the same size.
pub(crate) fn overwrite(target: &Tensor, pixels: &Array3<f32>) -> train::Result<()> {
    Ok(target.slice_set(&tensor(pixels, target.device())?, 0, 0)?)
}

/// A picture with normal noise of this deviation; nothing is clamped.
pub(crate) fn add_noise(x: &Tensor, stream: Stream, deviation: f64) -> candle_core::Result<Tensor> {
    let (_, h, w, c) = x.dims4()?;
    let noise = kernels::normal(stream, (0, 0), (h, w, c), x.device())?;
    x + (noise * deviation)?
}
