//! All figures of a set of samples. Work that the figures share is done once.

use std::sync::OnceLock;

use ndarray::ArrayView3;

use crate::Error;
use crate::diversity::Spread;
use crate::nearest::{self, Index, Search};
use crate::picture::Picture;
use crate::swd::{Profile, VECTORS};

/// Evaluates samples against the picture that the model was trained on. All pictures are HxWxC in [-1, 1] and
/// may differ in size; only [`Report::pixel_diversity`] needs samples that all have the same size, and is
/// `None` otherwise.
///
/// # Errors
/// [`Error::NoSamples`] where there is none; [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and
/// [`Error::Value`] where one of the arrays is not a picture.
pub fn evaluate(
    real: ArrayView3<'_, f32>,
    samples: &[ArrayView3<'_, f32>],
    options: &Options,
) -> Result<Report, Error> {
    let reference = Reference::new(real, options)?;
    if samples.is_empty() {
        return Err(Error::NoSamples);
    }
    let mut evaluation = Evaluation::new(&reference);
    for sample in samples {
        evaluation.add(*sample)?;
    }
    Ok(evaluation.report())
}

/// How figures are computed. The number of threads has no influence on the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options {
    /// How the nearest patches are searched for.
    pub search: Search,
}

/// The figures of one sample, or the means of several. A figure is `None` if a picture is too small for it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SampleReport {
    /// Patch sliced Wasserstein distance, at full size, see [`crate::patch_swd`]. From 0, the best.
    pub patch_swd: Option<f64>,
    /// Patch sliced Wasserstein distance at half the size. From 0, the best.
    pub patch_swd_2: Option<f64>,
    /// Patch sliced Wasserstein distance at a quarter of the size. From 0, the best.
    pub patch_swd_4: Option<f64>,
    /// Patch realism, at full size, see [`crate::Matches::realism`]. From 0, the best, to 4.
    pub patch_realism: Option<f64>,
    /// Patch realism at half the size. From 0, the best, to 4.
    pub patch_realism_2: Option<f64>,
    /// Patch completeness, at full size, see [`crate::Matches::completeness`]. From 0, the best, to 4.
    pub patch_completeness: Option<f64>,
    /// Patch completeness at half the size. From 0, the best, to 4.
    pub patch_completeness_2: Option<f64>,
    /// Copy rate, see [`crate::Matches::copy_rate`]. From 0 to 1, which means a copy.
    pub copy_rate: Option<f64>,
    /// Coverage, see [`crate::Matches::coverage`]. From 0 to 1, which means that all of the picture is used.
    pub coverage: Option<f64>,
}

impl SampleReport {
    /// All figures, each with its name in machine-readable output.
    pub fn figures(&self) -> [(&'static str, Option<f64>); 9] {
        [
            ("patch_swd", self.patch_swd),
            ("patch_swd_2", self.patch_swd_2),
            ("patch_swd_4", self.patch_swd_4),
            ("patch_realism", self.patch_realism),
            ("patch_realism_2", self.patch_realism_2),
            ("patch_completeness", self.patch_completeness),
            ("patch_completeness_2", self.patch_completeness_2),
            ("copy_rate", self.copy_rate),
            ("coverage", self.coverage),
        ]
    }

    /// The mean of each figure over the samples that have it.
    pub fn mean(samples: &[Self]) -> Self {
        let mean = |figure: fn(&Self) -> Option<f64>| {
            let values: Vec<f64> = samples.iter().filter_map(figure).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Self {
            patch_swd: mean(|s| s.patch_swd),
            patch_swd_2: mean(|s| s.patch_swd_2),
            patch_swd_4: mean(|s| s.patch_swd_4),
            patch_realism: mean(|s| s.patch_realism),
            patch_realism_2: mean(|s| s.patch_realism_2),
            patch_completeness: mean(|s| s.patch_completeness),
            patch_completeness_2: mean(|s| s.patch_completeness_2),
            copy_rate: mean(|s| s.copy_rate),
            coverage: mean(|s| s.coverage),
        }
    }
}

/// The figures of a set of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The figures of each sample, in the order given.
    pub samples: Vec<SampleReport>,
    /// The mean of each figure over the samples.
    pub mean: SampleReport,
    /// Pixel diversity, see [`crate::pixel_diversity`]. From 0. `None` if there are fewer than two samples,
    /// if they differ in size, or if the picture has the same brightness everywhere.
    pub pixel_diversity: Option<f64>,
}

/// The picture that samples are compared with, prepared once for any number of samples.
#[derive(Debug)]
pub struct Reference {
    options: Options,
    picture: Picture,
    half: Option<Picture>,
    /// At full size, 1/2 and 1/4.
    profiles: [Option<Profile>; 3],
    /// At full size and 1/2; built when the approximate search first needs them.
    indices: [OnceLock<Option<Index>>; 2],
}

impl Reference {
    /// Prepares a picture (HxWxC in [-1, 1]).
    ///
    /// # Errors
    /// [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`] where it is not a
    /// picture.
    pub fn new(real: ArrayView3<'_, f32>, options: &Options) -> Result<Self, Error> {
        let picture = Picture::new(real)?;
        let half = picture.half();
        let profiles = profiles(&picture, half.as_ref());
        Ok(Self { options: *options, picture, half, profiles, indices: Default::default() })
    }

    /// The figures of one sample (HxWxC in [-1, 1], of any size).
    ///
    /// # Errors
    /// [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`] where it is not a
    /// picture.
    pub fn compare(&self, sample: ArrayView3<'_, f32>) -> Result<SampleReport, Error> {
        Ok(self.compare_picture(&Picture::new(sample)?))
    }

    /// The figures of the picture's own mirror image. They are about what another picture of the same content
    /// would have, and so a floor that the distances of good samples approach.
    pub fn floor(&self) -> SampleReport {
        self.compare_picture(&self.picture.mirrored())
    }

    fn compare_picture(&self, sample: &Picture) -> SampleReport {
        let half = sample.half();
        let sample_profiles = profiles(sample, half.as_ref());
        let pair = |scale: usize| self.profiles[scale].as_ref().zip(sample_profiles[scale].as_ref());
        let swd = |scale: usize| pair(scale).map(|(real, sample)| real.distance(sample));
        let matches = |sample: &Picture, real: &Picture, scale: usize| {
            let index = || self.indices[scale].get_or_init(|| Index::new(real, None)).as_ref();
            nearest::between(sample, real, index, &self.options)
        };
        let full = matches(sample, &self.picture, 0);
        let halves = half.as_ref().zip(self.half.as_ref()).and_then(|(s, r)| matches(s, r, 1));
        SampleReport {
            patch_swd: swd(0),
            patch_swd_2: swd(1),
            patch_swd_4: swd(2),
            patch_realism: full.as_ref().map(|m| m.realism()),
            patch_realism_2: halves.as_ref().map(|m| m.realism()),
            patch_completeness: full.as_ref().map(|m| m.completeness()),
            patch_completeness_2: halves.as_ref().map(|m| m.completeness()),
            copy_rate: full.as_ref().and_then(|m| m.copy_rate()),
            coverage: full.as_ref().map(|m| m.coverage()),
        }
    }
}

/// Evaluates samples one at a time, so that they need not all exist at the same time.
#[derive(Debug)]
pub struct Evaluation<'a> {
    reference: &'a Reference,
    samples: Vec<SampleReport>,
    /// `None` as soon as two samples differ in size.
    spread: Option<Spread>,
}

impl<'a> Evaluation<'a> {
    /// An evaluation without samples.
    pub fn new(reference: &'a Reference) -> Self {
        Self { reference, samples: Vec::new(), spread: Some(Spread::default()) }
    }

    /// Compares one more sample (HxWxC in [-1, 1]) and returns its figures.
    ///
    /// # Errors
    /// [`Error::Channels`], [`Error::Empty`], [`Error::TooLarge`] and [`Error::Value`] where it is not a
    /// picture; the evaluation is then as before.
    pub fn add(&mut self, sample: ArrayView3<'_, f32>) -> Result<SampleReport, Error> {
        let picture = Picture::new(sample)?;
        let report = self.reference.compare_picture(&picture);
        self.spread =
            self.spread.take().and_then(|mut spread| spread.add(&picture).is_ok().then_some(spread));
        self.samples.push(report);
        Ok(report)
    }

    /// The figures of all samples so far.
    pub fn report(self) -> Report {
        let mean = SampleReport::mean(&self.samples);
        let pixel_diversity = self.spread.and_then(|spread| spread.diversity(&self.reference.picture));
        Report { samples: self.samples, mean, pixel_diversity }
    }
}

/// The profiles of a picture at full size, 1/2 and 1/4.
fn profiles(picture: &Picture, half: Option<&Picture>) -> [Option<Profile>; 3] {
    let quarter = half.and_then(Picture::half);
    [Some(picture), half, quarter.as_ref()].map(|p| p.and_then(|p| Profile::new(p, VECTORS.view())))
}
