//! OpenEXR files: gray, RGB, either with alpha, or up to 16 channels with other names.

use super::raster::{check_size, one_line};
use super::{LeftOut, Raw, Samples};
use crate::picture::MAX_CHANNELS;
use crate::{Depth, Error};
use exr::image::{AnyChannel, FlatSamples};
use exr::meta::MetaData;
use exr::prelude::{ReadChannels, ReadLayers, read};
use std::io::Cursor;

pub(super) fn raw(bytes: &[u8], name: &str) -> Result<Raw, Error> {
    let damaged = |error: exr::error::Error| match error {
        exr::error::Error::NotSupported(what) => {
            Error::Unsupported { name: name.into(), what: format!("OpenEXR, {what}") }
        }
        error => Error::Damaged { name: name.into(), format: "OpenEXR", reason: one_line(&error) },
    };
    let meta = MetaData::read_from_buffered(Cursor::new(bytes), false).map_err(damaged)?;
    for header in &meta.headers {
        check_size((header.layer_size.height(), header.layer_size.width()), name, "OpenEXR")?;
    }
    let layer = read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .first_valid_layer()
        .all_attributes()
        .non_parallel()
        .from_buffered(Cursor::new(bytes))
        .map_err(damaged)?
        .layer_data;
    let (height, width) = (layer.size.height(), layer.size.width());
    let channels: Vec<_> = layer.channel_data.list.into_iter().collect();
    if channels.iter().any(|channel| channel.sampling != exr::math::Vec2(1, 1)) {
        return Err(Error::Unsupported {
            name: name.into(),
            what: "OpenEXR with channels of less resolution".into(),
        });
    }
    let Chosen { channels, alpha, left_out } = choose(channels);
    let count = channels.len();
    if count == 0 || count > MAX_CHANNELS {
        let what = format!("OpenEXR of {count} channels");
        return Err(Error::Unsupported { name: name.into(), what });
    }
    let mut samples = vec![0.0; height * width * count];
    for (c, channel) in channels.iter().enumerate() {
        for (pixel, sample) in samples.chunks_exact_mut(count).zip(floats(&channel.sample_data)) {
            pixel[c] = sample;
        }
    }
    Ok(Raw {
        samples: Samples::Float(samples),
        depth: Depth::Float,
        shape: (height, width, count),
        alpha,
        profile: None,
        left_out: (!left_out.is_empty()).then_some(LeftOut::Channels(left_out)),
    })
}

struct Chosen {
    channels: Vec<AnyChannel<FlatSamples>>,
    alpha: bool,
    left_out: Vec<String>,
}

/// Colours in their usual order and alpha, if they are there; else all channels.
fn choose(mut channels: Vec<AnyChannel<FlatSamples>>) -> Chosen {
    let find = |channels: &[AnyChannel<FlatSamples>], wanted: &str| {
        channels.iter().position(|channel| {
            let name = channel.name.to_string();
            name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(wanted))
        })
    };
    for colours in [&["R", "G", "B"][..], &["Y"]] {
        if !colours.iter().all(|colour| find(&channels, colour).is_some()) {
            continue;
        }
        let mut chosen = Vec::new();
        let mut take = |wanted: &str| {
            let found = find(&channels, wanted).map(|at| channels.remove(at));
            let is_there = found.is_some();
            chosen.extend(found);
            is_there
        };
        colours.iter().for_each(|colour| {
            take(colour);
        });
        let alpha = take("A");
        let left_out = channels.iter().map(|channel| channel.name.to_string()).collect();
        return Chosen { channels: chosen, alpha, left_out };
    }
    Chosen { channels, alpha: false, left_out: Vec::new() }
}

fn floats(samples: &FlatSamples) -> Box<dyn Iterator<Item = f32> + '_> {
    match samples {
        FlatSamples::F16(values) => Box::new(values.iter().map(|v| v.to_f32())),
        FlatSamples::F32(values) => Box::new(values.iter().copied()),
        FlatSamples::U32(values) => Box::new(values.iter().map(|&v| v as f32)),
    }
}
