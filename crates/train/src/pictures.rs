//! Pictures to tensors and back, and the pixels (height x width x channels) between them.
//!
//! Computed with are `[1, H, W, C]` in [-1, 1]; files hold `[1, C, H, W]`.

use crate::Result;
use candle_core::{Device, Tensor};
use kernels::Stream;
use ndarray::{Array3, ArrayBase, Data, Ix3};
use pyramid::{Picture, Target, imresize};

/// A picture as `[1, H, W, C]` in [-1, 1].
///
/// # Errors
/// [`crate::Error::Tensor`] where the device has no memory for it.
pub fn tensor(picture: &Picture, device: &Device) -> Result<Tensor> {
    tensor_of(&picture.pixels(), device)
}

/// The picture of `[1, H, W, C]` in [-1, 1].
///
/// # Errors
/// [`crate::Error::Tensor`] where the rank is another one, [`crate::Error::Picture`] where the size, the
/// channels or the values (those that are not finite) are not a picture's.
pub fn picture(x: &Tensor) -> Result<Picture> {
    let (_, h, w, c) = x.dims4()?;
    let values = x.flatten_all()?.to_vec1::<f32>()?;
    let pixels = Array3::from_shape_vec((h, w, c), values).map_err(candle_core::Error::wrap)?;
    Ok(Picture::from_pixels(pixels)?)
}

/// Pixels as `[1, H, W, C]`.
///
/// # Errors
/// [`crate::Error::Tensor`] where the device has no memory for them.
pub fn tensor_of<S: Data<Elem = f32>>(pixels: &ArrayBase<S, Ix3>, device: &Device) -> Result<Tensor> {
    let (h, w, c) = pixels.dim();
    let values: Vec<f32> = pixels.iter().copied().collect();
    Ok(Tensor::from_vec(values, (1, h, w, c), device)?)
}

/// The pixels of `[1, H, W, C]`, those of a picture.
///
/// # Errors
/// As [`picture`].
pub fn pixels(x: &Tensor) -> Result<Array3<f32>> {
    Ok(picture(x)?.into_pixels())
}

/// `[1, H, W, C]`, as we compute, to `[1, C, H, W]`, as files hold it; on the CPU, from which files are written.
///
/// # Errors
/// [`crate::Error::Tensor`] where `x` has another rank.
pub fn to_nchw(x: &Tensor) -> Result<Tensor> {
    Ok(x.to_device(&Device::Cpu)?.permute((0, 3, 1, 2))?.contiguous()?)
}

/// `[1, C, H, W]`, as files hold it, to `[1, H, W, C]`, as we compute.
///
/// # Errors
/// [`crate::Error::Tensor`] where `x` has another rank.
pub fn to_nhwc(x: &Tensor) -> Result<Tensor> {
    Ok(x.permute((0, 2, 3, 1))?.contiguous()?)
}

/// Pixels resized to height and width and clamped to [-1, 1]; as they are where the size is right already.
///
/// # Errors
/// [`crate::Error::Picture`] where the size cannot be made.
pub fn resized(pixels: &Array3<f32>, size: (usize, usize)) -> Result<Array3<f32>> {
    let (h, w, _) = pixels.dim();
    if (h, w) == size {
        return Ok(pixels.clone());
    }
    Ok(imresize(pixels.view(), Target::Size(size))?.mapv_into(|v| v.clamp(-1.0, 1.0)))
}

/// Writes pixels over `target [1, H, W, C]` of their size, in the memory that is there.
///
/// # Errors
/// [`crate::Error::Tensor`] where the sizes differ.
pub fn overwrite(target: &Tensor, pixels: &Array3<f32>) -> Result<()> {
    Ok(target.slice_set(&tensor_of(pixels, target.device())?, 0, 0)?)
}

/// `x [1, H, W, C]` with normal noise of this deviation; nothing is clamped.
///
/// # Errors
/// [`crate::Error::Tensor`] where `x` has another rank.
pub fn add_noise(x: &Tensor, stream: Stream, deviation: f64) -> Result<Tensor> {
    let (_, h, w, c) = x.dims4()?;
    let noise = kernels::normal(stream, (0, 0), (h, w, c), x.device())?;
    Ok((x + (noise * deviation)?)?)
}
