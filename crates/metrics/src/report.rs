//! All figures of a set of samples, with the work they share done once.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use ndarray::ArrayView3;

use crate::diversity::Spread;
use crate::nearest::{self, Index, Search};
use crate::picture::Picture;
use crate::swd::{Profile, VECTORS};
use crate::{Error, parallel};

/// Evaluates samples against the picture they were learnt from. All are HxWxC in [-1, 1]; only the samples must be of
/// one size among themselves, and they only for [`Report::pixel_diversity`], which is `None` otherwise.
///
/// # Errors
///
/// [`Error::NoSamples`] without any, and when one of the pictures is none, see [`Error`].
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

/// How figures are computed. They do not depend on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options {
    /// How nearest patches are searched for.
    pub search: Search,
    /// Threads to use; `None` is one for each core.
    pub threads: Option<NonZeroUsize>,
}

/// The figures of one sample, or their means. `None` where a picture is too small for the figure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SampleReport {
    /// Patch sliced Wasserstein distance, see [`crate::patch_swd`]. 0 is best.
    pub patch_swd: Option<f64>,
    /// The same at 1/2.
    pub patch_swd_2: Option<f64>,
    /// The same at 1/4.
    pub patch_swd_4: Option<f64>,
    /// Patch realism, see [`crate::Matches::realism`]. 0 is best.
    pub patch_realism: Option<f64>,
    /// The same at 1/2.
    pub patch_realism_2: Option<f64>,
    /// Patch completeness, see [`crate::Matches::completeness`]. 0 is best.
    pub patch_completeness: Option<f64>,
    /// The same at 1/2.
    pub patch_completeness_2: Option<f64>,
    /// Copy rate, see [`crate::Matches::copy_rate`]. From 0 to 1, the copy.
    pub copy_rate: Option<f64>,
    /// Coverage, see [`crate::Matches::coverage`]. From 0 to 1, all of the picture.
    pub coverage: Option<f64>,
}

impl SampleReport {
    /// The figures with the names they bear in machine-readable output.
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
    /// Of each sample, in the order given.
    pub samples: Vec<SampleReport>,
    /// Their means.
    pub mean: SampleReport,
    /// Pixel diversity, see [`crate::pixel_diversity`]. `None` with fewer than two samples, samples of different sizes
    /// or a picture of one brightness.
    pub pixel_diversity: Option<f64>,
}

/// The picture that samples are compared with, prepared once.
#[derive(Debug)]
pub struct Reference {
    options: Options,
    picture: Picture,
    half: Option<Picture>,
    profiles: [Option<Profile>; 3],
    indices: [OnceLock<Option<Index>>; 2],
}

impl Reference {
    /// Prepares a picture (HxWxC in [-1, 1]).
    ///
    /// # Errors
    ///
    /// When it is none, see [`Error`].
    pub fn new(real: ArrayView3<'_, f32>, options: &Options) -> Result<Self, Error> {
        let picture = Picture::new(real)?;
        let half = picture.half();
        let profiles = profiles(&picture, half.as_ref(), options);
        Ok(Self { options: *options, picture, half, profiles, indices: Default::default() })
    }

    /// The figures of one sample (HxWxC in [-1, 1], of any size).
    ///
    /// # Errors
    ///
    /// When it is no picture, see [`Error`].
    pub fn compare(&self, sample: ArrayView3<'_, f32>) -> Result<SampleReport, Error> {
        Ok(self.compare_picture(&Picture::new(sample)?))
    }

    /// The figures of the picture's own mirror image: what a different picture of the same things would have, and so
    /// a floor that the distances of good samples come close to.
    pub fn floor(&self) -> SampleReport {
        self.compare_picture(&self.picture.mirrored())
    }

    fn compare_picture(&self, sample: &Picture) -> SampleReport {
        let half = sample.half();
        let theirs = profiles(sample, half.as_ref(), &self.options);
        let swd = |scale: usize| self.profiles[scale].as_ref().zip(theirs[scale].as_ref());
        let swd = |scale: usize| swd(scale).map(|(real, sample)| real.distance(sample));
        let matches = |sample: &Picture, real: &Picture, scale: usize| {
            let threads = parallel::threads(self.options.threads);
            let index = || self.indices[scale].get_or_init(|| Index::new(real, None, threads)).as_ref();
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

/// Takes samples one at a time, so that they need not all be kept, nor be made before the first is compared.
#[derive(Debug)]
pub struct Evaluation<'a> {
    reference: &'a Reference,
    samples: Vec<SampleReport>,
    /// `None` once two samples differed in size.
    spread: Option<Spread>,
}

impl<'a> Evaluation<'a> {
    /// No samples yet.
    pub fn new(reference: &'a Reference) -> Self {
        Self { reference, samples: Vec::new(), spread: Some(Spread::default()) }
    }

    /// Compares one more sample (HxWxC in [-1, 1]) and returns its figures.
    ///
    /// # Errors
    ///
    /// When it is no picture, see [`Error`]; the evaluation is then as before.
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

/// The profiles at full size, 1/2 and 1/4.
fn profiles(picture: &Picture, half: Option<&Picture>, options: &Options) -> [Option<Profile>; 3] {
    let threads = parallel::threads(options.threads);
    let quarter = half.and_then(Picture::half);
    [Some(picture), half, quarter.as_ref()].map(|p| p.and_then(|p| Profile::new(p, VECTORS.view(), threads)))
}
