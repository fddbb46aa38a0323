//! Quality of samples: the figures of `metrics` for the samples of a run or for a folder of pictures.

use crate::{Error, Result, SampleRequest, Sampler};
use candle_core::Device;
use metrics::{Evaluation, Reference, Report, SampleReport};
use ndarray::Axis;
use pyramid::Picture;
use sifid::Inception;
use std::path::{Path, PathBuf};
use train::{Observer, Run, Work};

/// The figures of a set of samples, beside the floor: those of the picture's own mirror image.
#[derive(Clone, Debug)]
pub struct Quality {
    /// Every sample's figures, their mean, and the samples' diversity.
    pub report: Report,
    /// The floor: the figures of the picture's own mirror image, which has equally good patches.
    pub floor: SampleReport,
    /// Mean SIFID of the samples that are large enough for it; `None` without Inception's weights.
    pub sifid: Option<f64>,
    /// The SIFID of the mirror image.
    pub floor_sifid: Option<f64>,
}

/// What to draw from a run and how to score it.
#[derive(Clone, Debug)]
pub struct EvaluateRequest<'a> {
    /// How many samples, 1 to 100000.
    pub samples: u32,
    /// The seed and other settings of the samples, which have the run's own size.
    pub sample: SampleRequest,
    /// Inception's weights, for SIFID as well.
    pub inception: Option<&'a Inception>,
}

impl Default for EvaluateRequest<'_> {
    fn default() -> Self {
        Self { samples: 50, sample: SampleRequest::default(), inception: None }
    }
}

/// Draws samples of a run at its own size and scores them against its training picture. The observer is notified of
/// every one.
///
/// # Errors
/// Those of [`Sampler::new`]; [`Error::Range`] without a sample; [`Error::Metrics`] and [`Error::Sifid`]
/// where a figure cannot be computed; [`Error::Stopped`] where the observer stops it.
pub fn evaluate_run(
    run: &Run,
    request: &EvaluateRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Quality> {
    limits::within("samples", request.samples, 1..=100_000)?;
    let device = Device::Cpu;
    let sampler = Sampler::new(run, &request.sample, &device)?;
    let stage = request.sample.stages.unwrap_or(run.info.stages_done) - 1;
    let real = train::picture(&run.real(stage, &device)?)?;
    let sample = |index| Ok(train::picture(&sampler.sample(index)?)?);
    score(&real, request.samples, request.inception, sample, observer)
}

/// Scores the pictures in `samples` (contact sheets are skipped) against the picture `real`, with SIFID if
/// `inception` is given. The observer is notified of every picture.
///
/// # Errors
/// [`Error::NoPictures`], [`Error::Io`] and [`Error::Picture`] for what cannot be read; [`Error::Metrics`]
/// for pictures that cannot be compared; [`Error::Stopped`] where the observer stops it.
pub fn evaluate_folder(
    samples: &Path,
    real: &Picture,
    inception: Option<&Inception>,
    observer: &mut dyn Observer,
) -> Result<Quality> {
    let files = pictures_in(samples)?;
    score(real, files.len() as u32, inception, |index| Ok(pyramid::load(&files[index as usize])?), observer)
}

/// Scores the `n` pictures `sample(0)`, `sample(1)` and so on against `real`, with SIFID if `inception` is
/// given. The observer is notified of every picture.
///
/// # Errors
/// The first of `sample`; [`Error::Metrics`] and [`Error::Sifid`] where a figure cannot be computed;
/// [`Error::Stopped`] where the observer stops it.
pub fn score(
    real: &Picture,
    n: u32,
    inception: Option<&Inception>,
    mut sample: impl FnMut(u32) -> Result<Picture>,
    observer: &mut dyn Observer,
) -> Result<Quality> {
    let reference = Reference::new(real.pixels(), &metrics::Options::default())?;
    let features = |picture: &Picture| inception.map_or(Ok(None), |i| i.features(picture));
    let real_features = features(real)?;
    let distance = |picture: &Picture| -> Result<Option<f64>> {
        let Some(real) = &real_features else { return Ok(None) };
        Ok(features(picture)?.map(|features| real.distance(&features)))
    };
    let mut evaluation = Evaluation::new(&reference);
    let mut distances = Vec::new();
    for index in 0..n {
        let picture = sample(index)?;
        evaluation.add(picture.pixels())?;
        distances.extend(distance(&picture)?);
        observer.progress(Work::Scoring, index as usize + 1, n as usize)?;
    }
    let sifid = (!distances.is_empty()).then(|| distances.iter().sum::<f64>() / distances.len() as f64);
    let floor_sifid = distance(&mirrored(real)?)?;
    Ok(Quality { report: evaluation.report(), floor: reference.floor(), sifid, floor_sifid })
}

fn mirrored(picture: &Picture) -> Result<Picture> {
    let mut pixels = picture.pixels().to_owned();
    pixels.invert_axis(Axis(1));
    Ok(Picture::from_pixels(pixels)?)
}

/// The picture files of a folder, by name, without contact sheets.
fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>> {
    const EXTENSIONS: [&str; 8] = ["bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];
    let io = |source| Error::Io { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let lower =
            |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().to_lowercase();
        let sheet = lower(path.file_stem()).contains("sheet");
        if path.is_file() && !sheet && EXTENSIONS.contains(&lower(path.extension()).as_str()) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::NoPictures { path: folder.to_path_buf() });
    }
    files.sort();
    Ok(files)
}
