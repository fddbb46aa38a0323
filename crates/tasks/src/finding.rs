//! What bad figures mean.

use crate::Quality;
use std::fmt;

/// Something that figures say is wrong with the samples of a run. The thresholds are far from the figures of the seven
/// pictures in METRICS.md, which are good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// The samples are nearly one picture; their diversity.
    Alike(f64),
    /// The samples are the picture again; their copy rate.
    Copies(f64),
    /// The samples have patches that the picture does not have; how many times farther from it they are than those of its mirror
    /// image.
    Unreal(f64),
    /// Parts of the picture occur in no sample; how many times farther from the samples they are than from the mirror image.
    Missing(f64),
    /// The samples have the picture's shape and another size, so that patches of equal size show other parts of the scene; how
    /// many times as long their sides are.
    Scaled(f64),
}

/// Diversity below which samples are alike; good runs have 0.2 and more.
const ALIKE: f64 = 0.08;
/// Copy rate above which samples are copies; good runs have up to 0.4.
const COPIES: f64 = 0.85;
/// Times the floor above which patches are not those of the picture; good runs have up to 1.1.
const FAR: f64 = 2.5;
/// Times as long as the picture's the sides of samples may be, or as short.
const SAME_SIZE: f64 = 1.25;
/// Differences that nobody sees, mean squares of a range of 2: two of 255 levels.
const UNSEEN: f64 = 3e-4;

impl Quality {
    /// What the figures say is wrong, the worst first; nothing for good samples.
    pub fn findings(&self) -> Vec<Finding> {
        let mean = &self.report.mean;
        let times = |figure: Option<f64>, floor: Option<f64>| {
            let figure = figure.filter(|&figure| figure > UNSEEN)?;
            Some(figure / floor?.max(UNSEEN)).filter(|&times| times > FAR)
        };
        let mut findings = Vec::new();
        let scaled = self.scale.filter(|scale| scale.max(1.0 / scale) > SAME_SIZE);
        findings.extend(scaled.map(Finding::Scaled));
        findings.extend(times(mean.patch_realism, self.floor.patch_realism).map(Finding::Unreal));
        findings.extend(times(mean.patch_completeness, self.floor.patch_completeness).map(Finding::Missing));
        findings.extend(self.report.pixel_diversity.filter(|&d| d < ALIKE).map(Finding::Alike));
        // In a picture that repeats, every sample is a copy of some place.
        let repeats = self.floor.copy_rate.is_some_and(|rate| rate > COPIES / 2.0);
        findings.extend(mean.copy_rate.filter(|&rate| rate > COPIES && !repeats).map(Finding::Copies));
        findings
    }
}

impl Finding {
    /// What to try, with the names of settings.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Alike(_) | Self::Copies(_) => "train with a larger min-size, or a lower lr-scale",
            Self::Unreal(_) => {
                "train with a larger niter, or another lr-scale; a larger picture needs more train-stages"
            }
            Self::Missing(_) => {
                "train with a larger niter, or a larger min-size if the picture is one large object"
            }
            Self::Scaled(_) => "compare with the picture at the samples' size",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alike(diversity) => {
                write!(f, "the samples are nearly one picture (diversity {diversity:.2})")
            }
            Self::Copies(rate) => write!(f, "the samples are the picture again (copy rate {rate:.2})"),
            Self::Unreal(times) => {
                write!(
                    f,
                    "the samples have patches that the picture has not (realism {times:.1} times the floor)"
                )
            }
            Self::Missing(times) => {
                write!(f, "parts of the picture are in no sample (completeness {times:.1} times the floor)")
            }
            Self::Scaled(scale) => {
                write!(
                    f,
                    "the samples are {scale:.2} times as large as the picture, and so are their details"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Result, score};
    use ndarray::Array3;
    use pyramid::Picture;
    use train::Silent;

    fn picture(value: impl FnMut((usize, usize, usize)) -> f32) -> Result<Picture> {
        Ok(Picture::from_pixels(Array3::from_shape_fn((48, 64, 3), value))?)
    }

    /// Blocks of colours that do not repeat, so that every patch has one place.
    fn blocks() -> Result<Picture> {
        picture(|(y, x, c)| ((x / 3 * 7919 + y / 3 * 104_729 + c * 31) % 997) as f32 / 499.0 - 1.0)
    }

    /// Waves, which occur in their mirror image as well.
    fn waves(shift: usize, scale: f32) -> Result<Picture> {
        picture(|(y, x, _)| scale * (((x + shift) as f32 / 3.0).sin() * (y as f32 / 4.0).cos()))
    }

    /// Waves of a size.
    fn waves_of((height, width): (usize, usize)) -> Result<Picture> {
        let value = |(y, x, _)| (x as f32 / 3.0).sin() * (y as f32 / 4.0).cos();
        Ok(Picture::from_pixels(Array3::from_shape_fn((height, width, 3), value))?)
    }

    fn findings(real: &Picture, sample: impl FnMut(u32) -> Result<Picture>) -> Result<Vec<Finding>> {
        Ok(score(real, 4, None, sample, &mut Silent)?.findings())
    }

    #[test]
    fn bad_samples_are_found_and_good_ones_are_not() -> Result<()> {
        let copies = findings(&blocks()?, |_| blocks())?;
        assert!(copies.iter().any(|f| matches!(f, Finding::Alike(_))), "{copies:?}");
        assert!(copies.iter().any(|f| matches!(f, Finding::Copies(_))), "{copies:?}");
        let real = waves(0, 1.0)?;
        let noise = findings(&real, |index| {
            picture(|(y, x, c)| {
                ((y * 7919 + x * 104_729 + c * 31 + index as usize * 977) % 997) as f32 / 499.0 - 1.0
            })
        })?;
        assert!(matches!(noise[..], [Finding::Unreal(_), ..]), "{noise:?}");
        let faint = findings(&real, |index| waves(index as usize, 0.05))?;
        assert!(faint.iter().any(|f| matches!(f, Finding::Missing(_))), "{faint:?}");
        let good = findings(&real, |index| waves(5 + 3 * index as usize, 1.0))?;
        assert!(good.is_empty(), "{good:?}");
        let smaller = findings(&real, |_| waves_of((24, 32)))?;
        assert!(matches!(smaller[..], [Finding::Scaled(scale), ..] if scale == 0.5), "{smaller:?}");
        let narrower = findings(&real, |_| waves_of((48, 32)))?;
        assert!(!narrower.iter().any(|f| matches!(f, Finding::Scaled(_))), "{narrower:?}");
        Ok(())
    }
}
