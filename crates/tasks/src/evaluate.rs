//! Quality of samples: the figures of `metrics` for the samples of a run or for a folder of pictures.

use crate::alignment::Alignment;
use crate::{Error, Result, SampleRequest, Sampler};
use candle_core::Device;
use metrics::{Evaluation, Reference, Report, SampleReport};
use ndarray::Axis;
use pyramid::{Encoding, Picture, Reading, load_with};
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
    /// The figures of the other pictures of a run that generates several, by name.
    pub others: Vec<(String, Self)>,
    /// How well its pictures are aligned; `None` for a run of one.
    pub alignment: Option<Alignment>,
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
    let maps = run.maps()?;
    let split = |picture: Picture| -> Result<Vec<Picture>> { Ok(train::maps::split(&maps, &picture)?) };
    let reals = split(train::picture(&run.real(stage, &device)?)?)?;
    let mut alignment = Alignment::of(&reals);
    let sample = |index| {
        let pictures = split(train::picture(&sampler.sample(index)?)?)?;
        if let Some(alignment) = &mut alignment {
            alignment.add(&pictures);
        }
        Ok(pictures)
    };
    let mut qualities = score_all(&reals, request.samples, request.inception, sample, observer)?.into_iter();
    let first = qualities.next().ok_or(Error::NoPictures { path: run.dir.clone() })?;
    let others = maps.into_iter().skip(1).map(|map| map.name).zip(qualities).collect();
    Ok(Quality { others, alignment, ..first })
}

/// Scores the pictures in `samples` (contact sheets are skipped) against the picture `real`, in whose encoding `like` they are
/// read, with SIFID if
/// `inception` is given. The observer is notified of every picture.
///
/// # Errors
/// [`Error::NoPictures`], [`Error::Io`] and [`Error::Picture`] for what cannot be read; [`Error::Metrics`]
/// for pictures that cannot be compared; [`Error::Stopped`] where the observer stops it.
pub fn evaluate_folder(
    samples: &Path,
    real: &Picture,
    like: Option<Encoding>,
    inception: Option<&Inception>,
    observer: &mut dyn Observer,
) -> Result<Quality> {
    let files = pictures_in(samples)?;
    let reading = Reading { like, ..Reading::default() };
    let sample = |index: u32| Ok(load_with(&files[index as usize], &reading)?.picture);
    score(real, files.len() as u32, inception, sample, observer)
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
    let real = std::slice::from_ref(real);
    let mut qualities = score_all(real, n, inception, |index| Ok(vec![sample(index)?]), observer)?;
    Ok(qualities.swap_remove(0))
}

/// Scores pictures that come several at a time, each against its own of `reals`.
fn score_all(
    reals: &[Picture],
    n: u32,
    inception: Option<&Inception>,
    mut sample: impl FnMut(u32) -> Result<Vec<Picture>>,
    observer: &mut dyn Observer,
) -> Result<Vec<Quality>> {
    let features = |picture: &Picture| inception.map_or(Ok(None), |i| i.features(picture));
    let reference = |real: &Picture| Ok(Reference::new(real.pixels(), &metrics::Options::default())?);
    let references = reals.iter().map(reference).collect::<Result<Vec<_>>>()?;
    let real_features = reals.iter().map(features).collect::<sifid::Result<Vec<_>>>()?;
    let distance = |map: usize, picture: &Picture| -> Result<Option<f64>> {
        let Some(real) = &real_features[map] else { return Ok(None) };
        Ok(features(picture)?.map(|features| real.distance(&features)))
    };
    let mut evaluations: Vec<Evaluation<'_>> = references.iter().map(Evaluation::new).collect();
    let mut distances = vec![Vec::new(); reals.len()];
    for index in 0..n {
        for (map, picture) in sample(index)?.iter().enumerate() {
            evaluations[map].add(picture.pixels())?;
            distances[map].extend(distance(map, picture)?);
        }
        observer.progress(Work::Scoring, index as usize + 1, n as usize)?;
    }
    let mut qualities = Vec::with_capacity(reals.len());
    for (map, evaluation) in evaluations.into_iter().enumerate() {
        let found = &distances[map];
        qualities.push(Quality {
            report: evaluation.report(),
            floor: references[map].floor(),
            sifid: (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64),
            floor_sifid: distance(map, &mirrored(&reals[map])?)?,
            others: Vec::new(),
            alignment: None,
        });
    }
    Ok(qualities)
}

fn mirrored(picture: &Picture) -> Result<Picture> {
    let mut pixels = picture.pixels().to_owned();
    pixels.invert_axis(Axis(1));
    Ok(Picture::from_pixels(pixels)?)
}

/// The picture files of a folder, by name, without contact sheets.
fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>> {
    const EXTENSIONS: [&str; 10] = ["bmp", "exr", "gif", "hdr", "jpeg", "jpg", "png", "tif", "tiff", "webp"];
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
