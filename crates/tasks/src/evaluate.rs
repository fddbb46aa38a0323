//! Quality of samples: the figures of `metrics` for the samples of a run or for a folder of pictures.

use crate::alignment::Alignment;
use crate::scores::{Reals, Scores};
use crate::{Error, Result, SampleRequest, Sampler};
use candle_core::Device;
use metrics::{Report, SampleReport};
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
    /// How many times as long as the picture's the sides of the samples are on average; `None` where the samples have another
    /// shape, so that they can show more or less of the same scene.
    pub scale: Option<f64>,
}

/// The figures of a folder of pictures.
#[derive(Debug)]
pub struct FolderQuality {
    /// The figures of the pictures that could be read.
    pub quality: Quality,
    /// The files that could not be read or compared, with the reasons.
    pub left_out: Vec<(PathBuf, Error)>,
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
/// read, with SIFID if `inception` is given. Files that cannot be read are left out. The observer is notified of every
/// picture.
///
/// # Errors
/// [`Error::NoPictures`] and [`Error::Io`] for the folder; the error of the first picture where none can be read and compared;
/// [`Error::Stopped`] where the observer stops it.
pub fn evaluate_folder(
    samples: &Path,
    real: &Picture,
    like: Option<Encoding>,
    inception: Option<&Inception>,
    observer: &mut dyn Observer,
) -> Result<FolderQuality> {
    let files = pictures_in(samples)?;
    let reading = Reading { like, ..Reading::default() };
    let reals = Reals::new(std::slice::from_ref(real), inception)?;
    let mut scores = Scores::new(&reals);
    let (total, mut scored) = (files.len(), 0);
    let mut left_out = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        match load_with(&file, &reading).map_err(Error::from).and_then(|l| scores.add(0, &l.picture)) {
            Ok(()) => scored += 1,
            Err(error) => left_out.push((file, error)),
        }
        observer.progress(Work::Scoring, index + 1, total)?;
    }
    if scored == 0 && !left_out.is_empty() {
        return Err(left_out.swap_remove(0).1);
    }
    Ok(FolderQuality { quality: scores.qualities()?.swap_remove(0), left_out })
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
    let reals = Reals::new(reals, inception)?;
    let mut scores = Scores::new(&reals);
    for index in 0..n {
        for (map, picture) in sample(index)?.iter().enumerate() {
            scores.add(map, picture)?;
        }
        observer.progress(Work::Scoring, index as usize + 1, n as usize)?;
    }
    scores.qualities()
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
