//! Models that the official program trained, as runs.
//!
//! It writes `parameters.txt`, the lists `reals.pth`, `fixed_noise.pth` and `noise_amp.pth`, and for each
//! stage K the state dicts `K/netG.pth` (of all stages up to K) and `K/netD.pth`. `G.pth`, a pickled Python
//! object, holds nothing that these do not, and is not read.

mod parameters;

use crate::task::own_input;
use crate::{Error, Result};
use candle_core::{Device, Tensor};
use model::{Discriminator, Generator, NetConfig, weights};
use parameters::Parameters;
use pth::TorchFile;
use pyramid::Picture;
use std::path::Path;
use train::pictures::to_nhwc;
use train::{Run, Trained};

/// Makes the run directory `out` of the official program's `folder`: a finished run, with the names of the mode as its task
/// and of the preset `official`. What that program does not keep is left out: the picture's size before it was scaled (the
/// finest stage's stands for it), losses and times (zero).
///
/// # Errors
/// [`Error::Torch`] where a file is missing or not what it should be, [`Error::Import`] where it does not fit
/// the others; nothing is made then. [`Error::Train`] where `out` cannot be made. Nothing in the files is
/// ever run.
pub fn import(folder: &Path, out: &Path) -> Result<Run> {
    if !folder.is_dir() {
        return Err(Error::Import { path: folder.to_path_buf(), reason: "is no folder".into() });
    }
    let Parameters { config, label, channels } = parameters::read(folder)?;
    let net = config.net(channels);
    let stages = config.train_stages;

    let reals = TorchFile::open(&folder.join("reals.pth"))?;
    let tensors = whole(&reals, reals.list()?, stages)?;
    let pictures = tensors.iter().map(|x| picture(&reals, x, channels)).collect::<Result<Vec<Picture>>>()?;

    let noise = TorchFile::open(&folder.join("fixed_noise.pth"))?;
    let tensors = whole(&noise, noise.list()?, stages)?;
    let mut fixed = Vec::new();
    for (stage, tensor) in tensors.iter().enumerate() {
        let (h, w, c) = net.noise_shape(stage, pictures[stage].size());
        if tensor.dims() != [1, c, h, w] {
            let (found, expected) = (tensor.dims(), [1, c, h, w]);
            return Err(refusal(
                &noise,
                format!(
                    "item {stage} is {found:?}, with reals.pth and parameters.txt it should be {expected:?}"
                ),
            ));
        }
        fixed.push(to_nhwc(tensor)?);
    }

    let amps = TorchFile::open(&folder.join("noise_amp.pth"))?;
    let amps = whole(&amps, amps.numbers()?, stages)?;

    let mut networks = Vec::new();
    for stage in 0..stages {
        let folder = folder.join(stage.to_string());
        networks.push((
            generator(&TorchFile::open(&folder.join("netG.pth"))?, &net, stage + 1)?,
            discriminator(&TorchFile::open(&folder.join("netD.pth"))?, &net)?,
        ));
    }
    let first = own_input(label.task, &config, &pictures[0])?;
    let trained = Trained {
        config,
        label,
        pictures: &pictures,
        fixed: &fixed,
        first: first.as_ref(),
        amps: &amps,
        networks: &networks,
    };
    Ok(Run::assemble(out, trained)?)
}

/// A list that has an item for every stage.
fn whole<T>(file: &TorchFile, list: Vec<T>, stages: usize) -> Result<Vec<T>> {
    if list.len() == stages {
        return Ok(list);
    }
    Err(refusal(file, format!("has {} items, there are {stages} stages", list.len())))
}

/// The picture of `[1, C, H, W]`.
fn picture(file: &TorchFile, x: &Tensor, channels: usize) -> Result<Picture> {
    let sides = 1..=16_384;
    match *x.dims() {
        [1, c, h, w] if c == channels && sides.contains(&h) && sides.contains(&w) => {
            Ok(train::picture(&to_nhwc(x)?)?)
        }
        _ => Err(refusal(
            file,
            format!("has a picture of {:?}, expected [1, {channels}, height, width]", x.dims()),
        )),
    }
}

fn generator(file: &TorchFile, net: &NetConfig, stages: usize) -> Result<Generator> {
    weights::generator(net, stages, file.named()?, &Device::Cpu).map_err(|e| misfit(file, e))
}

fn discriminator(file: &TorchFile, net: &NetConfig) -> Result<Discriminator> {
    weights::discriminator(net, file.named()?, &Device::Cpu).map_err(|e| misfit(file, e))
}

fn misfit(file: &TorchFile, error: model::Error) -> Error {
    match error {
        misfit if misfit.is_misfit() => refusal(file, format!("does not fit parameters.txt ({misfit})")),
        other => Error::Model(other),
    }
}

fn refusal(file: &TorchFile, reason: String) -> Error {
    Error::Import { path: file.path().to_path_buf(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reconstruction with PyTorch's own reading of the same files.
    #[test]
    fn imported_runs_give_the_reconstruction_of_pytorch()
    -> std::result::Result<(), Box<dyn std::error::Error>> {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/official");
        let dir = tempfile::tempdir()?;
        for name in ["zip", "legacy"] {
            let run = import(&assets.join(name), &dir.path().join(name))?;
            let sampler = crate::Sampler::new(&run, &crate::SampleRequest::default(), &Device::Cpu)?;
            let ours = train::pictures::to_nchw(&sampler.reconstruction()?)?;
            let (mut expected, _) =
                train::files::read_tensors(&assets.join(name).join("expected.safetensors"), &Device::Cpu)?;
            let expected = expected.remove("reconstruction").ok_or("no reconstruction")?;
            let error = (ours - expected)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
            assert!(error < 1e-5, "{name}: {error}");
        }
        Ok(())
    }
}
