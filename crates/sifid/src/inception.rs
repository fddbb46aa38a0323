//! The features of a picture for SIFID, the single-image Frechet inception distance.
//!
//! They are the output of Inception v3 before its first pooling: 64 values per position, with a receptive
//! field of 11x11 pixels. Every position is treated as a sample of a Gaussian. Pictures are never resized.
//! The user provides the weights: torchvision's `inception_v3` as a safetensors file, with torchvision's
//! names.

use crate::frechet::{Gaussian, Moments, frechet};
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use pyramid::Picture;
use std::collections::HashMap;
use std::path::Path;

/// The layers before the first pooling: name, input channels and output channels.
const LAYERS: [(&str, usize, usize); 3] =
    [("Conv2d_1a_3x3", 3, 32), ("Conv2d_2a_3x3", 32, 32), ("Conv2d_2b_3x3", 32, 64)];

/// Number of features per position.
const FEATURES: usize = 64;

/// The epsilon of batch normalisation in torchvision's network.
const EPSILON: f64 = 1e-3;

/// The number of positions that are computed at the same time. Large pictures are processed in bands of rows
/// to save memory.
const BAND: usize = 1 << 15;

/// The smallest side of a picture in pixels that gives a position.
const SMALLEST: usize = 7;

/// The layers of Inception v3 before its first pooling, with their weights.
#[derive(Debug)]
pub struct Inception {
    /// The weight `[out, in, 3, 3]` and bias `[1, out, 1, 1]` of each layer, which include its batch
    /// normalisation.
    layers: [(Tensor, Tensor); 3],
}

/// The distribution of the features of a picture, as a Gaussian.
#[derive(Clone, Debug)]
pub struct Features(Gaussian);

impl Features {
    /// The SIFID of two pictures. It is symmetric, 0 for equal pictures, and has no upper bound.
    pub fn distance(&self, other: &Self) -> f64 {
        // The result may be slightly below 0 because of rounding.
        frechet(&self.0, &other.0).max(0.0)
    }
}

impl Inception {
    /// Reads the state dict of torchvision's `inception_v3` from a safetensors file. Tensors of later layers
    /// are ignored.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::NotSafetensors`] for the file; [`Error::Missing`], [`Error::Shape`] and
    /// [`Error::Values`] for a tensor that is not that of torchvision's network.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
            .map_err(|_| Error::NotSafetensors { path: path.to_path_buf() })?;
        let weights = Weights { path, tensors: &tensors };
        let [a, b, c] = LAYERS.map(|layer| folded(weights, layer));
        Ok(Self { layers: [a?, b?, c?] })
    }

    /// The distribution of the features of a picture. Gray counts as three equal channels, and alpha is
    /// ignored. `None` if the picture is too small for two positions (one side below 7 pixels, or both sides
    /// below 9).
    ///
    /// # Errors
    /// [`Error::Tensor`], which a fault of this program alone can cause.
    pub fn features(&self, picture: &Picture) -> Result<Option<Features>> {
        let mut moments = Moments::new(FEATURES);
        self.visit(picture, BAND, |vector| moments.add(vector))?;
        Ok(moments.gaussian().map(Features))
    }

    /// Calls `visit` with the 64 features of every position, row by row. About `band` positions are computed
    /// at the same time.
    fn visit(&self, picture: &Picture, band: usize, mut visit: impl FnMut(&[f32])) -> Result<()> {
        let (height, width) = picture.size();
        if height.min(width) < SMALLEST {
            return Ok(());
        }
        let planes: Vec<f32> = picture.widened(3).to_planar().into_iter().take(3 * height * width).collect();
        let picture = Tensor::from_vec(planes, (1, 3, height, width), &Device::Cpu)?;
        // The first layer has a stride of 2, the second a 3x3 kernel without padding, and the third keeps the
        // size.
        let (rows, columns) = ((height - 3) / 2 - 1, (width - 3) / 2 - 1);
        let step = (band / columns).max(1);
        for top in (0..rows).step_by(step) {
            let bottom = (top + step).min(rows);
            let map = self.band(&picture, (top, bottom), rows)?;
            let values = map.permute((0, 2, 3, 1))?.flatten_all()?.to_vec1::<f32>()?;
            values.chunks_exact(FEATURES).for_each(&mut visit);
        }
        Ok(())
    }

    /// Rows `top..bottom` of the feature map, which has `rows` rows. The shape is `[1, 64, bottom - top,
    /// columns]`.
    fn band(&self, picture: &Tensor, (top, bottom): (usize, usize), rows: usize) -> Result<Tensor> {
        // The third layer needs one more row on both sides. Inside the map these rows are computed; at its
        // border they are zeros.
        let (from, to) = (top.saturating_sub(1), (bottom + 1).min(rows));
        let x = picture.narrow(2, 2 * from, 2 * (to - from) + 5)?;
        let [first, second, third] = &self.layers;
        let x = layer(&layer(&x, first, 2)?, second, 1)?;
        let x = x.pad_with_zeros(2, usize::from(top == 0), usize::from(bottom == rows))?;
        layer(&x.pad_with_zeros(3, 1, 1)?, third, 1)
    }
}

/// A convolution with its bias, followed by ReLU.
fn layer(x: &Tensor, (weight, bias): &(Tensor, Tensor), stride: usize) -> Result<Tensor> {
    Ok(x.contiguous()?.conv2d(weight, 0, stride, 1, 1)?.broadcast_add(bias)?.relu()?)
}

/// The tensors of a file, and its path for errors.
#[derive(Clone, Copy)]
struct Weights<'a> {
    path: &'a Path,
    tensors: &'a HashMap<String, Tensor>,
}

impl Weights<'_> {
    /// The values of a tensor, after a check of its shape.
    fn get(self, name: String, shape: &[usize]) -> Result<Vec<f64>> {
        let path = self.path.to_path_buf();
        let Some(tensor) = self.tensors.get(&name) else {
            return Err(Error::Missing { path, tensor: name });
        };
        if tensor.dims() != shape {
            let (found, expected) = (tensor.dims().to_vec(), shape.to_vec());
            return Err(Error::Shape { path, tensor: name, found, expected });
        }
        let values = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1::<f64>());
        match values {
            Ok(values) if values.iter().all(|v| v.is_finite()) => Ok(values),
            _ => Err(Error::Values { path, tensor: name, found: "values that are no numbers" }),
        }
    }
}

/// The weight and bias of a layer, with its batch normalisation included: `(w x - mean) / sqrt(var + eps) *
/// scale + shift` is linear in `x`, so that it can be computed as one convolution.
fn folded(weights: Weights<'_>, (name, inputs, outputs): (&str, usize, usize)) -> Result<(Tensor, Tensor)> {
    let weight = weights.get(format!("{name}.conv.weight"), &[outputs, inputs, 3, 3])?;
    let norm = |part: &str| weights.get(format!("{name}.bn.{part}"), &[outputs]);
    let (scale, shift, mean, variance) =
        (norm("weight")?, norm("bias")?, norm("running_mean")?, norm("running_var")?);
    if variance.iter().any(|v| *v < 0.0) {
        let tensor = format!("{name}.bn.running_var");
        return Err(Error::Values { path: weights.path.to_path_buf(), tensor, found: "negative values" });
    }
    let factor: Vec<f64> = scale.iter().zip(&variance).map(|(s, v)| s / (v + EPSILON).sqrt()).collect();
    let weight: Vec<f32> =
        weight.iter().enumerate().map(|(i, w)| (w * factor[i / (inputs * 9)]) as f32).collect();
    let bias: Vec<f32> = (0..outputs).map(|i| (shift[i] - mean[i] * factor[i]) as f32).collect();
    Ok((
        Tensor::from_vec(weight, (outputs, inputs, 3, 3), &Device::Cpu)?,
        Tensor::from_vec(bias, (1, outputs, 1, 1), &Device::Cpu)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// The layers of a randomly initialised network, two pictures, and the feature map of the first picture,
    /// created with torchvision 0.29:
    ///
    /// ```python
    /// import numpy as np, torch, torchvision
    /// from safetensors.torch import save_file
    /// from scipy.linalg import sqrtm
    ///
    /// torch.manual_seed(0)
    /// stem = ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"]
    /// net = torchvision.models.inception_v3(weights=None, init_weights=True).eval()
    /// for bn in (getattr(net, name).bn for name in stem):
    ///     with torch.no_grad():
    ///         bn.weight.uniform_(0.5, 1.5); bn.bias.normal_(0, 0.3)
    ///         bn.running_mean.normal_(0, 0.2); bn.running_var.uniform_(0.3, 2)
    /// weights = {k: v for k, v in net.state_dict().items() if k.split(".")[0] in stem and "tracked" not in k}
    /// real = torch.randint(0, 256, (24, 29, 3), dtype=torch.uint8)
    /// sample = torch.randint(0, 200, (21, 33, 3), dtype=torch.uint8)
    ///
    /// def features(x):
    ///     x = x.permute(2, 0, 1)[None].float() / 255 * 2 - 1
    ///     with torch.no_grad():
    ///         for name in stem:
    ///             x = getattr(net, name)(x)
    ///     return x
    ///
    /// save_file({**weights, "real": real, "sample": sample, "map": features(real).contiguous()}, "inception_stem.safetensors")
    /// a, b = (features(x)[0].permute(1, 2, 0).reshape(-1, 64).double().numpy() for x in (real, sample))
    /// d, s, t = a.mean(0) - b.mean(0), np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    /// print(d @ d + np.trace(s + t - 2 * sqrtm(s @ t)).real)
    /// ```
    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/inception_stem.safetensors");

    /// The distance that the program in the comment of [`FIXTURE`] prints.
    const SIFID: f64 = 2.085286885616469;

    struct Case {
        inception: Inception,
        tensors: HashMap<String, Tensor>,
    }

    fn case() -> Result<Case> {
        let tensors = candle_core::safetensors::load(FIXTURE, &Device::Cpu)?;
        Ok(Case { inception: Inception::load(Path::new(FIXTURE))?, tensors })
    }

    impl Case {
        fn picture(&self, name: &str) -> Result<Picture> {
            let (h, w, c) = self.tensors[name].dims3()?;
            let bytes = Array3::from_shape_vec((h, w, c), self.tensors[name].flatten_all()?.to_vec1::<u8>()?);
            Ok(Picture::from_u8(bytes.expect("an array").view()).expect("a picture"))
        }

        fn map(&self, band: usize) -> Result<Vec<f32>> {
            let mut map = Vec::new();
            self.inception.visit(&self.picture("real")?, band, |vector| map.extend_from_slice(vector))?;
            Ok(map)
        }
    }

    #[test]
    fn the_feature_map_equals_torchvision() -> Result<()> {
        let case = case()?;
        let expected = case.tensors["map"].permute((0, 2, 3, 1))?.flatten_all()?.to_vec1::<f32>()?;
        // Tested with bands of one, two and four rows, and with the whole map in one band.
        for band in [1, 24, 50, BAND] {
            let found = case.map(band)?;
            assert_eq!(found.len(), expected.len());
            let error = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error < 1e-5, "{error} with {band} positions at once");
        }
        Ok(())
    }

    #[test]
    fn the_distance_equals_scipy() -> Result<()> {
        let case = case()?;
        let features = |name: &str| {
            Ok::<_, Error>(case.inception.features(&case.picture(name)?)?.expect("large enough"))
        };
        let (real, sample) = (features("real")?, features("sample")?);
        let found = real.distance(&sample);
        assert!((found - SIFID).abs() < 1e-5 * SIFID, "{found}");
        assert!(real.distance(&real) < 1e-9);
        Ok(())
    }

    #[test]
    fn gray_equals_rgb_and_alpha_is_ignored() -> Result<()> {
        let case = case()?;
        let picture = |channels: usize| {
            let value = |(y, x, c): (usize, usize, usize)| {
                if c % 2 == 1 && channels < 3 || c == 3 { -1.0 } else { ((y * x) as f32).sin() }
            };
            Picture::from_pixels(Array3::from_shape_fn((12, 15, channels), value)).expect("a picture")
        };
        let rgb = case.inception.features(&picture(3))?.expect("large enough");
        for channels in [1, 2, 4] {
            let other = case.inception.features(&picture(channels))?.expect("large enough");
            assert!(rgb.distance(&other) < 1e-9, "{channels} channels");
        }
        Ok(())
    }

    #[test]
    fn small_pictures_have_no_features() -> Result<()> {
        let case = case()?;
        for (h, w, has_features) in [(1, 1, false), (6, 90, false), (8, 8, false), (7, 9, true), (9, 8, true)]
        {
            let picture = Picture::from_pixels(Array3::zeros((h, w, 3))).expect("a picture");
            assert_eq!(case.inception.features(&picture)?.is_some(), has_features, "{h}x{w}");
        }
        Ok(())
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_path_and_the_reason() -> Result<()> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("weights.safetensors");
        let refused = |path: &Path| Inception::load(path).expect_err("a wrong file").to_string();
        assert!(refused(&path).contains("weights.safetensors"));
        std::fs::write(&path, "PK\x03\x04 a pickle").expect("written");
        assert!(refused(&path).contains("no safetensors file"));
        let bias = "Conv2d_2a_3x3.bn.bias";
        let refused_with = |tensor: Option<Tensor>| {
            let mut tensors = case()?.tensors;
            tensors.remove(bias);
            tensors.extend(tensor.map(|t| (bias.to_string(), t)));
            candle_core::safetensors::save(&tensors, &path)?;
            Ok::<_, Error>(refused(&path))
        };
        assert!(refused_with(None)?.contains("Conv2d_2a_3x3.bn.bias is missing"));
        let long = Tensor::zeros(64, DType::F32, &Device::Cpu)?;
        assert!(refused_with(Some(long))?.contains("[64], it should be [32]"));
        let nan = Tensor::full(f32::NAN, 32, &Device::Cpu)?;
        assert!(refused_with(Some(nan))?.contains("no numbers"));
        Ok(())
    }
}
