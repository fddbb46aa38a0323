//! Paint to image: a rough painting, refined by the stages above the one it enters.

mod areas;
mod palette;
mod training;

pub(crate) use training::{Painted, settings};

use self::areas::Areas;
use self::palette::main_colours;
use crate::Result;
use crate::sample::stages_done;
use candle_core::{Device, Tensor};
use kernels::Wrap;
use limits::OutOfRange;
use pyramid::{Picture, Size, imresize};
use std::ops::Range;
use train::pictures::{add_noise, pixels, tensor_of};
use train::{Drawing, Model, Moment, Run, Target, output_sizes, streams};

/// The most colours of a palette of the training picture.
const MOST_COLOURS: usize = 64;

/// Shapes that differ by less than this share are one.
const SAME_SHAPE: f64 = 0.02;

/// The settings of painting.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PaintRequest {
    /// The stage at whose size the painting enters. The lower it is, the more is generated anew.
    pub start_stage: usize,
    /// Paint with this many colours of the training picture instead, 2 to 64.
    pub colours: Option<usize>,
    /// Size of the result. The default has the training picture's area in the painting's shape.
    pub target: Target,
    /// Seed of the noise.
    pub seed: u64,
}

/// A painting that is prepared for refinement.
#[derive(Debug)]
pub struct Painter {
    model: Model,
    /// The painting as it enters, `[1, H, W, C]`.
    painting: Tensor,
    /// Its areas, at the size of the result.
    areas: Areas,
    request: PaintRequest,
}

impl Painter {
    /// Brings `painting` to the size and the channels that `run` needs, in its colours if asked for.
    ///
    /// # Errors
    /// [`crate::Error::Range`] for values outside their ranges, [`crate::Error::NoStage`] for a run without a
    /// finished stage, [`crate::Error::Train`] where its files are damaged.
    pub fn new(run: &Run, painting: &Picture, request: &PaintRequest, device: &Device) -> Result<Self> {
        let stages = stages_done(run)?;
        if request.start_stage >= stages {
            let expected = format!("below {stages}, the number of finished stages");
            return Err(OutOfRange::new("start-stage", request.start_stage, expected).into());
        }
        let trained = &run.info.sizes[..stages];
        let target = match request.target {
            Target::Training => shape_of(painting.size(), trained[stages - 1]),
            target => target,
        };
        let sizes = output_sizes(trained, target, run.config.kernel)?;
        let painting = completed(run, painting)?;
        let palette = match request.colours {
            Some(colours) => {
                let real = train::picture(&run.real(request.start_stage, device)?)?;
                Some(main_colours(&real, colours)?)
            }
            None => None,
        };
        let at_size = |size| -> Result<Picture> {
            let picture = Picture::from_pixels(imresize(painting.pixels(), pyramid::Target::Size(size))?)?;
            Ok(palette.as_ref().map_or(picture.clone(), |palette| palette.apply(&picture)))
        };
        let small = at_size(sizes[request.start_stage])?;
        let areas = Areas::of(&at_size(sizes[stages - 1])?)?;
        Ok(Self {
            model: Model { sizes, ..run.model(stages, device)? },
            painting: train::tensor(&small, device)?,
            areas,
            request: *request,
        })
    }

    /// Height and width of the results.
    pub fn size(&self) -> Size {
        self.model.size()
    }

    /// The painting as the generator gets it.
    ///
    /// # Errors
    /// [`crate::Error::Train`], which a fault of this program alone can cause.
    pub fn painting(&self) -> Result<Picture> {
        Ok(train::picture(&self.painting)?)
    }

    /// Refinement number `index`, `[1, H, W, C]` in [-1, 1]. Stage 0's layers turn the painting into features, at whatever
    /// size it enters; stages up to the start stage are left out, those above add noise and detail.
    ///
    /// # Errors
    /// [`crate::Error::Model`] where the memory does not suffice, or by a fault of this program.
    pub fn refine(&self, index: u32) -> Result<Tensor> {
        let start = self.request.start_stage;
        let moment = Moment::sample(self.request.seed, index);
        let first = add_noise(&self.painting, moment.noise(), training::NOISE)?;
        let (config, sizes) = (self.model.generator.config(), &self.model.sizes);
        let noise = move |stage: usize, rows: Range<usize>| {
            let stream = streams::sample_noise(self.request.seed, stage, index);
            let (_, w, c) = config.noise_shape(stage, sizes[stage]);
            let origin = (rows.start as i64, 0);
            Ok(kernels::normal(stream, origin, (rows.len(), w, c), self.painting.device())?)
        };
        let picture = Drawing {
            model: &self.model,
            first,
            stages: start + 1..sizes.len(),
            wrap: Wrap::default(),
            noise: Box::new(noise),
        }
        .picture()?;
        let mut result = pixels(&picture)?;
        self.areas.keep_colours(&mut result);
        Ok(tensor_of(&result, picture.device())?)
    }
}

/// The size of the training picture's area in the shape of a painting; the training picture's own where the shapes are
/// one but for rounding.
fn shape_of(painting: Size, trained: Size) -> Target {
    let ratio = (painting.0 * trained.1) as f64 / (painting.1 * trained.0) as f64;
    if (ratio.ln()).abs() < SAME_SHAPE {
        return Target::Training;
    }
    let side = |n: usize, factor: f64| (n as f64 * factor).round() as usize;
    Target::Size(side(trained.0, ratio.sqrt()), side(trained.1, 1.0 / ratio.sqrt()))
}

/// The painting with all channels of the run. Where that generates several pictures, the painting is the first, and the
/// others are those of the training pictures' colours that are nearest to it.
fn completed(run: &Run, painting: &Picture) -> Result<Picture> {
    let maps = run.maps()?;
    if maps.len() < 2 {
        return with_channels(painting, run.info.channels);
    }
    let last = run.info.sizes.len() - 1;
    let real = train::picture(&run.real(last, &Device::Cpu)?)?;
    let palette = main_colours(&real, MOST_COLOURS)?;
    let painting = with_channels(painting, maps[0].channels)?;
    let own = maps[0].planes();
    let first = train::maps::stacked(&maps[..1], &[painting])?;
    let (h, w) = first.size();
    let mut pixels = ndarray::Array3::zeros((h, w, run.info.channels));
    for (from, mut to) in
        first.pixels().lanes(ndarray::Axis(2)).into_iter().zip(pixels.lanes_mut(ndarray::Axis(2)))
    {
        // Only the channels of the first picture are compared.
        let nearest = &palette.colours()[palette.nearest(&from.to_vec())];
        to.iter_mut().enumerate().for_each(|(c, value)| *value = if c < own { from[c] } else { nearest[c] });
    }
    Ok(Picture::from_pixels(pixels)?)
}

/// `picture` as one with `channels` channels: grays are repeated, colours are averaged, alpha is dropped or
/// set to opaque.
fn with_channels(picture: &Picture, channels: usize) -> Result<Picture> {
    let wide = picture.widened(channels).into_pixels();
    let (h, w, all) = wide.dim();
    let (own, wanted) = (if all >= 3 { 3 } else { 1 }, if channels >= 3 { 3 } else { 1 });
    let pixel = |(y, x, c): (usize, usize, usize)| match c {
        // Luma of BT.601, as picture formats have it.
        0 if wanted < own => [0.299, 0.587, 0.114].iter().zip(0..).map(|(f, k)| f * wide[[y, x, k]]).sum(),
        c if c < wanted => wide[[y, x, c]],
        _ => wide[[y, x, own]],
    };
    Ok(Picture::from_pixels(ndarray::Array3::from_shape_fn((h, w, channels), pixel))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn pictures_of_any_kind_fit_any_run() -> Result<()> {
        let rgba = Picture::from_pixels(Array3::from_shape_fn((2, 3, 4), |(y, x, c)| {
            if c == 3 { -0.5 } else { 0.1 * (y + x) as f32 }
        }))?;
        for channels in 1..=4 {
            let other = with_channels(&rgba, channels)?;
            assert_eq!(other.channels(), channels);
            assert!((other.pixels()[[1, 2, 0]] - 0.3).abs() < 1e-6);
            if channels % 2 == 0 {
                assert_eq!(other.pixels()[[1, 2, channels - 1]], -0.5);
            }
            let back = with_channels(&other, 4)?;
            assert_eq!(back.pixels()[[0, 0, 3]], if channels % 2 == 0 { -0.5 } else { 1.0 });
        }
        Ok(())
    }
}
