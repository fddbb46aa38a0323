//! The content of picture files as samples, before a range is chosen for them.

mod exr;
mod format;
mod raster;
mod tiff;

pub(crate) use format::format_of;

use crate::picture::{Picture, colours};
use crate::{Depth, Encoding, Error, alpha};
use ndarray::Array3;

/// The samples of a file as they are stored, row by row, the channels of a pixel side by side.
#[derive(Debug)]
pub(crate) enum Samples {
    /// 255 is full scale.
    Eight(Vec<u8>),
    /// 65535 is full scale.
    Sixteen(Vec<u16>),
    /// 1 is full scale.
    Float(Vec<f32>),
}

/// What a file holds beside the picture that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// More frames of an animation.
    Frames,
    /// Other pages: how many there are in all.
    Pages(usize),
    /// Channels with these names.
    Channels(Vec<String>),
}

/// A decoded file.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) samples: Samples,
    pub(crate) depth: Depth,
    /// Height, width, channels.
    pub(crate) shape: (usize, usize, usize),
    /// Whether the last channel is alpha.
    pub(crate) alpha: bool,
    /// The ICC profile.
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) left_out: Option<LeftOut>,
}

/// Decodes page `page` (from 1) of a file that starts like a picture.
pub(crate) fn raw(bytes: &[u8], name: &str, page: usize) -> Result<Raw, Error> {
    use image::ImageFormat;
    let (format, format_name) = format_of(bytes, name)?;
    let (mut left_out, mut profile) = (None, None);
    if format == ImageFormat::Tiff {
        match tiff::page(bytes, name, page)? {
            tiff::Page::Read(raw) => return Ok(raw),
            tiff::Page::Common(pages, found) => {
                (left_out, profile) = ((pages > 1).then_some(LeftOut::Pages(pages)), found);
            }
        }
    } else if page != 1 {
        return Err(Error::Page { name: name.into(), page, pages: 1 });
    }
    let mut raw = match format {
        ImageFormat::OpenExr => exr::raw(bytes, name),
        _ => raster::raw(bytes, name, (format, format_name)),
    }?;
    raw.left_out = raw.left_out.or(left_out);
    raw.profile = raw.profile.or(fitting(profile, raw.shape.2));
    Ok(raw)
}

impl Raw {
    /// The number of channels of colour, which are stretched; alpha is not.
    fn colours(&self) -> usize {
        self.shape.2 - usize::from(self.alpha)
    }

    /// The encoding that suits the samples.
    ///
    /// # Errors
    /// [`Error::Samples`] where a float is not finite.
    pub(crate) fn encoding(&self, name: &str) -> Result<Encoding, Error> {
        if self.depth == Depth::Eight {
            return Ok(Encoding::default());
        }
        let (channels, colours) = (self.shape.2, self.colours());
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for index in (0..self.count()).filter(|index| index % channels < colours) {
            let sample = self.sample(index);
            if !sample.is_finite() {
                let found = if sample.is_nan() { "that are NaN" } else { "that are infinite" };
                return Err(Error::Samples { name: name.into(), found: found.into(), expected: "any range" });
            }
            (low, high) = (low.min(sample), high.max(sample));
        }
        let encoding = Encoding::of_range(self.depth, low, high);
        Ok(if colours == 3 { encoding.with_knee(self.median()) } else { encoding })
    }

    /// The picture that the samples are in this encoding.
    pub(crate) fn picture(&self, encoding: &Encoding) -> Result<Picture, Error> {
        let (channels, colours) = (self.shape.2, self.colours());
        let full = Encoding::full(self.depth);
        let value = |index: usize| {
            let encoding = if index % channels < colours { encoding } else { &full };
            encoding.value(self.sample(index))
        };
        let values: Vec<f32> = match (&self.samples, encoding.is_full()) {
            // There are only 256 values, of which each has one result.
            (Samples::Eight(samples), true) => {
                let table: Vec<f32> = (0..256).map(|v| full.value(f64::from(v) / 255.0)).collect();
                samples.iter().map(|&v| table[usize::from(v)]).collect()
            }
            _ => (0..self.count()).map(value).collect(),
        };
        let wrong = |_| Error::Shape { height: self.shape.0, width: self.shape.1, channels };
        let picture = Picture::from_pixels(Array3::from_shape_vec(self.shape, values).map_err(wrong)?)?;
        Ok(if self.alpha { alpha::clean(picture) } else { picture })
    }

    fn count(&self) -> usize {
        match &self.samples {
            Samples::Eight(samples) => samples.len(),
            Samples::Sixteen(samples) => samples.len(),
            Samples::Float(samples) => samples.len(),
        }
    }

    /// A sample in units of full scale.
    fn sample(&self, index: usize) -> f64 {
        match &self.samples {
            Samples::Eight(samples) => f64::from(samples[index]) / 255.0,
            Samples::Sixteen(samples) => f64::from(samples[index]) / 65_535.0,
            Samples::Float(samples) => f64::from(samples[index]),
        }
    }

    /// The median of the samples, of at most some ten thousand of them.
    fn median(&self) -> f64 {
        let step = (self.count() / 10_007).max(1);
        let mut some: Vec<f64> = (0..self.count()).step_by(step).map(|index| self.sample(index)).collect();
        let middle = some.len() / 2;
        *some.select_nth_unstable_by(middle, f64::total_cmp).1
    }
}

/// The profile, if it is one of pictures with so many channels of colour: a converted picture must not keep that of
/// what it was converted from.
pub(crate) fn fitting(profile: Option<Vec<u8>>, channels: usize) -> Option<Vec<u8>> {
    let space: &[u8] = if colours(channels) == 3 { b"RGB " } else { b"GRAY" };
    profile.filter(|bytes| bytes.get(16..20) == Some(space))
}
