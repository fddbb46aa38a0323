//! OpenEXR files of any number of channels.

use crate::Encoding;
use crate::picture::Picture;
use exr::image::{AnyChannel, AnyChannels, Encoding as Storage, FlatSamples, Image, Layer};
use exr::meta::attribute::Text;
use exr::meta::header::LayerAttributes;
use exr::prelude::WritableImage;
use ndarray::Axis;
use std::io::{Cursor, Error as IoError};

/// Floats of 32 bits, compressed without loss.
pub(super) fn bytes(picture: &Picture, encoding: &Encoding) -> Result<Vec<u8>, IoError> {
    let (height, width) = picture.size();
    let samples = picture.samples(encoding);
    let channels = names(picture.channels())
        .into_iter()
        .zip(samples.axis_iter(Axis(2)))
        .map(|(name, plane)| {
            let values = plane.iter().map(|&v| v as f32).collect();
            AnyChannel::new(Text::new_or_panic(&name), FlatSamples::F32(values))
        })
        .collect();
    let channels = AnyChannels::sort(channels);
    let layer = Layer::new((width, height), LayerAttributes::default(), Storage::SMALL_LOSSLESS, channels);
    let mut bytes = Vec::new();
    Image::from_layer(layer)
        .write()
        .non_parallel()
        .to_buffered(Cursor::new(&mut bytes))
        .map_err(|error| IoError::other(error.to_string()))?;
    Ok(bytes)
}

/// The usual names of colours, and for other bands names whose order is that of the bands.
fn names(channels: usize) -> Vec<String> {
    let usual: &[&str] = match channels {
        1 => &["Y"],
        2 => &["Y", "A"],
        3 => &["R", "G", "B"],
        4 => &["R", "G", "B", "A"],
        _ => return (0..channels).map(|band| format!("band{band:02}")).collect(),
    };
    usual.iter().map(|name| (*name).to_string()).collect()
}
