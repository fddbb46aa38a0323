//! The figures of samples that come one after the other, against one training picture or several that belong together.

use crate::{Quality, Result};
use metrics::{Evaluation, Reference};
use ndarray::Axis;
use pyramid::Picture;
use sifid::{Features, Inception};

/// Shapes whose widths differ by less than this share at equal height are the same shape: sizes are rounded.
const SAME_SHAPE: f64 = 0.06;

/// Training pictures, prepared for the comparison with any number of samples.
pub(crate) struct Reals<'a> {
    pictures: &'a [Picture],
    references: Vec<Reference>,
    inception: Option<&'a Inception>,
    features: Vec<Option<Features>>,
}

impl<'a> Reals<'a> {
    pub(crate) fn new(pictures: &'a [Picture], inception: Option<&'a Inception>) -> Result<Self> {
        let reference = |real: &Picture| Ok(Reference::new(real.pixels(), &metrics::Options::default())?);
        let features = |real| inception.map_or(Ok(None), |inception| inception.features(real));
        Ok(Self {
            pictures,
            references: pictures.iter().map(reference).collect::<Result<_>>()?,
            inception,
            features: pictures.iter().map(features).collect::<sifid::Result<_>>()?,
        })
    }

    /// SIFID between a picture and the training picture `map`; `None` without Inception and for pictures that are too small.
    fn distance(&self, map: usize, picture: &Picture) -> Result<Option<f64>> {
        let (Some(inception), Some(real)) = (self.inception, &self.features[map]) else { return Ok(None) };
        Ok(inception.features(picture)?.map(|features| real.distance(&features)))
    }
}

/// The figures of the samples so far, for each training picture.
pub(crate) struct Scores<'a> {
    reals: &'a Reals<'a>,
    maps: Vec<MapScores<'a>>,
}

struct MapScores<'a> {
    evaluation: Evaluation<'a>,
    distances: Vec<f64>,
    scales: Vec<Option<f64>>,
}

impl<'a> Scores<'a> {
    pub(crate) fn new(reals: &'a Reals<'a>) -> Self {
        let none = |reference| MapScores {
            evaluation: Evaluation::new(reference),
            distances: Vec::new(),
            scales: Vec::new(),
        };
        Self { reals, maps: reals.references.iter().map(none).collect() }
    }

    /// Adds a sample of the training picture `map`. After an error the scores are as before.
    pub(crate) fn add(&mut self, map: usize, sample: &Picture) -> Result<()> {
        let distance = self.reals.distance(map, sample)?;
        let scores = &mut self.maps[map];
        scores.evaluation.add(sample.pixels())?;
        scores.distances.extend(distance);
        scores.scales.push(scale(sample, &self.reals.pictures[map]));
        Ok(())
    }

    /// The figures of each training picture's samples.
    pub(crate) fn qualities(self) -> Result<Vec<Quality>> {
        let mut qualities = Vec::with_capacity(self.maps.len());
        for (map, scores) in self.maps.into_iter().enumerate() {
            let mirrored = mirrored(&self.reals.pictures[map])?;
            let scales: Option<Vec<f64>> = scores.scales.into_iter().collect();
            qualities.push(Quality {
                report: scores.evaluation.report(),
                floor: self.reals.references[map].floor(),
                sifid: mean(&scores.distances),
                floor_sifid: self.reals.distance(map, &mirrored)?,
                others: Vec::new(),
                alignment: None,
                scale: scales.and_then(|scales| mean(&scales)),
            });
        }
        Ok(qualities)
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// How many times as long as the picture's the sides of a sample of the same shape are; `None` for another shape.
fn scale(sample: &Picture, real: &Picture) -> Option<f64> {
    let ((h, w), (real_h, real_w)) = (sample.size(), real.size());
    let (down, across) = (h as f64 / real_h as f64, w as f64 / real_w as f64);
    (across.max(down) / across.min(down) < 1.0 + SAME_SHAPE).then(|| (across * down).sqrt())
}

fn mirrored(picture: &Picture) -> Result<Picture> {
    let mut pixels = picture.pixels().to_owned();
    pixels.invert_axis(Axis(1));
    Ok(Picture::from_pixels(pixels)?)
}
