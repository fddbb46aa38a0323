//! Haze away: a hazy picture `I = J t + A (1 - t)` is taken apart into the clear picture J, the transmission t and the
//! airlight A.
//!
//! [`dehaze`] is the task, [`haze`] makes hazy pictures whose truth is known, and [`evaluate_dehazing`] measures the one
//! with the other.

mod dark_channel;
mod evaluate;
mod maps;
mod network;
mod physics;
mod prior;
mod synthetic;

pub use evaluate::{DehazingRow, evaluate_dehazing};
pub use physics::Airlight;
pub use synthetic::haze;

use crate::{Error, Format, Result};
use candle_core::{Device, Tensor};
use dark_channel::dark_channel_prior;
use maps::{Guided, Map, brightness, colours, quantile};
use ndarray::{Array2, Array3, Axis, concatenate, s};
use network::train_transmission;
use physics::behind_haze;
use prior::Prior;
use pyramid::{Picture, Schedule, Spacing};
use std::path::Path;
use train::files;

/// How haze is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The multi-stage generator, trained on the picture.
    #[default]
    MultiStage,
    /// The dark channel prior with a guided filter (He, Sun and Tang), in a moment.
    DarkChannelPrior,
}

/// The settings; only the method matters to the dark channel prior.
#[derive(Clone, Debug)]
pub struct Dehazing {
    /// How.
    pub method: Method,
    /// Seed of the network's weights and of what it is shown, 0 to 2^63 - 1.
    pub seed: u64,
    /// Longer side of what is trained on in pixels, 32 to 1024. What comes out always has the input's size.
    pub max_size: usize,
    /// Iterations a stage, 0 (the prior alone) to 100000.
    pub niter: usize,
    /// Stages, 1 to 8.
    pub stages: usize,
    /// Channels between the convolutions, 1 to 1024.
    pub filters: usize,
    /// Learning rate of both networks, above 0, to 1.
    pub rate: f64,
}

impl Default for Dehazing {
    fn default() -> Self {
        Dehazing {
            method: Method::MultiStage,
            seed: 0,
            max_size: 100,
            niter: 200,
            stages: 3,
            filters: 32,
            rate: 5e-4,
        }
    }
}

/// A hazy picture taken apart.
#[derive(Clone, Debug)]
pub struct Dehazed {
    /// The clear picture, of the input's size and channels; alpha is the input's.
    pub picture: Picture,
    /// The transmission, height x width, in [0, 1]: 1 is clear.
    pub transmission: Array2<f32>,
    /// The airlight.
    pub airlight: Airlight,
}

/// Shortest side that is accepted: smaller pictures say nothing of where haze is.
const LEAST_SIDE: usize = 16;

/// Takes haze away from `picture`. `progress` is called after every iteration with the stage, the iterations of it that are
/// done, and the loss.
///
/// # Errors
/// [`Error::Value`] for settings out of range, a picture with a side below 16 pixels, or one whose pixels are all the same:
/// nothing is known about what is behind such haze. [`Error::Train`] if training diverges.
pub fn dehaze(
    picture: &Picture,
    config: &Dehazing,
    progress: &mut dyn FnMut(usize, usize, f32),
) -> Result<Dehazed> {
    check(picture, config)?;
    let hazy = colours(picture);
    let (airlight, transmission) = match config.method {
        Method::DarkChannelPrior => dark_channel_prior(hazy.view())?,
        Method::MultiStage => multi_stage(&hazy, config, progress)?,
    };
    let clear = behind_haze(hazy.view(), &transmission, &airlight).mapv(|v| v * 2.0 - 1.0);
    let alpha = picture.pixels().slice_move(s![.., .., clear.dim().2..]);
    let pixels = concatenate(Axis(2), &[clear.view(), alpha])
        .map_err(|e| value("the picture", e, "of one size in all channels"))?;
    Ok(Dehazed { picture: Picture::from_pixels(pixels)?, transmission, airlight })
}

/// The estimate on a small picture, brought to full size by a guided filter.
fn multi_stage(
    hazy: &Array3<f32>,
    config: &Dehazing,
    progress: &mut dyn FnMut(usize, usize, f32),
) -> Result<(Airlight, Map)> {
    let (h, w, channels) = hazy.dim();
    let rgb = Array3::from_shape_fn((h, w, 3), |(y, x, c)| hazy[[y, x, c.min(channels - 1)]] * 2.0 - 1.0);
    // What the critic needs to see of a picture.
    let smallest = 11;
    let short = h.min(w) * config.max_size.min(h.max(w)) / h.max(w);
    let schedule = Schedule {
        min_size: short.clamp(smallest, 20),
        max_size: config.max_size,
        stages: config.stages,
        spacing: Spacing::Improved,
    };
    let pyramid: Vec<_> =
        pyramid::pyramid(&Picture::from_pixels(rgb)?, &schedule, smallest)?.iter().map(colours).collect();
    let small = &pyramid[pyramid.len() - 1];
    let prior = Prior::estimate(small.view());
    let t = if config.niter == 0 {
        prior.transmission.clone()
    } else {
        train_transmission(&pyramid, &prior, config, progress)?
    };
    // The windows are as wide as the haze varies, the tolerance keeps the picture's texture out of it.
    let (sh, sw, _) = small.dim();
    let t = Guided::fit(&brightness(small.view()), &t, (sh.max(sw) / 16).max(2), 1e-2)
        .apply(&brightness(hazy.view()))?;
    Ok((prior.airlight, t.mapv(|t| t.clamp(0.0, 1.0))))
}

fn check(picture: &Picture, config: &Dehazing) -> Result<()> {
    let whole = |name, given: usize, min: usize, max: usize| {
        let expected = format!("between {min} and {max}");
        if (min..=max).contains(&given) { Ok(()) } else { Err(value(name, given, expected)) }
    };
    if config.seed > i64::MAX as u64 {
        return Err(value("seed", config.seed, format!("between 0 and {}", i64::MAX)));
    }
    whole("max-size", config.max_size, 32, 1024)?;
    whole("niter", config.niter, 0, 100_000)?;
    whole("train-stages", config.stages, 1, 8)?;
    whole("filters", config.filters, 1, 1024)?;
    if !(config.rate > 0.0 && config.rate <= 1.0) {
        return Err(value("rate", config.rate, "above 0 and at most 1"));
    }
    let (h, w) = picture.size();
    if h.min(w) < LEAST_SIDE {
        let expected = format!("at least {LEAST_SIDE} pixels a side; use a larger picture");
        return Err(value("the picture's size", format!("{h}x{w}"), expected));
    }
    let light = brightness(colours(picture).view());
    let (low, high) = (quantile(light.iter().copied(), 0.01), quantile(light.iter().copied(), 0.99));
    if high - low < 2.5 / 255.0 {
        let expected = "lighter and darker in places, nothing can be seen behind even haze; use a picture with less of it";
        return Err(value(
            "the picture's brightness",
            format!("{:.0} of 255 throughout", low * 255.0),
            expected,
        ));
    }
    Ok(())
}

fn value(name: &'static str, value: impl std::fmt::Display, expected: impl Into<String>) -> Error {
    Error::Value { name, value: value.to_string(), expected: expected.into() }
}

impl Dehazed {
    /// Writes J, t (as `.png`, or as `.safetensors`: `image [1, C, H, W]` in [-1, 1], `transmission [1, 1, H, W]` in
    /// [0, 1]) and `A.json` into `dir`, which is made, or not there where something fails.
    ///
    /// # Errors
    /// [`Error::Io`] and others where a file cannot be written.
    pub fn write(&self, dir: &Path, format: Format) -> Result<()> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| Error::Io { path, source }
        };
        let mut name = std::ffi::OsString::from(".");
        name.push(dir.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = dir.with_file_name(name);
        std::fs::create_dir_all(&temporary).map_err(io(dir))?;
        let result = self
            .write_files(&temporary, format)
            .and_then(|()| std::fs::rename(&temporary, dir).map_err(io(dir)));
        if result.is_err() {
            // The first error is the one to tell.
            let _ = std::fs::remove_dir_all(&temporary);
        }
        result
    }

    fn write_files(&self, dir: &Path, format: Format) -> Result<()> {
        let (h, w) = self.transmission.dim();
        match format {
            Format::Png => {
                self.picture.save_png(&dir.join("J.png"))?;
                let t = self.transmission.mapv(|t| t * 2.0 - 1.0).insert_axis(Axis(2));
                Picture::from_pixels(t)?.save_png(&dir.join("t.png"))?;
            }
            Format::Safetensors => {
                let image = files::to_nchw(&train::tensor(&self.picture, &Device::Cpu)?)?;
                files::write_tensors(&dir.join("J.safetensors"), vec![("image".into(), image)], None)?;
                let t = self.transmission.iter().copied().collect::<Vec<f32>>();
                let t = Tensor::from_vec(t, (1, 1, h, w), &Device::Cpu)?;
                files::write_tensors(&dir.join("t.safetensors"), vec![("transmission".into(), t)], None)?;
            }
        }
        let path = dir.join("A.json");
        let text = serde_json::json!({"A": self.airlight}).to_string() + "\n";
        Ok(files::write(&path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(channels: usize) -> Result<Picture> {
        let pixels = Array3::from_shape_fn((40, 56, channels), |(y, x, c)| {
            (((y / 4) * 31 + (x / 4) * 17) * (c + 3) % 11) as f32 / 6.0 - 0.9
        });
        Ok(Picture::from_pixels(pixels)?)
    }

    fn tiny() -> Dehazing {
        Dehazing { niter: 3, max_size: 32, stages: 2, filters: 4, ..Dehazing::default() }
    }

    #[test]
    fn both_methods_come_nearer_to_the_truth() -> Result<()> {
        let clear = scene(3)?;
        let rows = evaluate_dehazing(&clear, &[(1.2, [0.85; 3], 1), (0.6, [0.95; 3], 2)], &tiny())?;
        for row in rows {
            assert!(row.multi_stage > row.nothing + 2.0, "{row:?}");
            assert!(row.dcp > row.nothing, "{row:?}");
        }
        Ok(())
    }

    #[test]
    fn size_channels_and_alpha_stay_and_a_seed_gives_the_same_again() -> Result<()> {
        for channels in 1..=4 {
            let (hazy, _) = haze(&scene(channels)?, 1.0, [0.8; 3], 3)?;
            let once = dehaze(&hazy, &tiny(), &mut |_, _, _| {})?;
            assert_eq!(once.picture.pixels().dim(), (40, 56, channels));
            assert_eq!(once.transmission.dim(), (40, 56));
            assert!(once.transmission.iter().all(|t| (0.0..=1.0).contains(t)));
            if channels % 2 == 0 {
                let alpha = |p: &Picture| p.pixels().index_axis(Axis(2), channels - 1).to_owned();
                assert_eq!(alpha(&once.picture), alpha(&hazy));
            }
            let again = dehaze(&hazy, &tiny(), &mut |_, _, _| {})?;
            assert_eq!(once.picture, again.picture);
            let other = dehaze(&hazy, &Dehazing { seed: 1, ..tiny() }, &mut |_, _, _| {})?;
            assert_ne!(once.transmission, other.transmission);
        }
        Ok(())
    }

    #[test]
    fn what_says_nothing_is_refused() -> Result<()> {
        let refused = |picture: &Picture, config: Dehazing| {
            dehaze(picture, &config, &mut |_, _, _| {}).expect_err("refused").to_string()
        };
        for level in [1.0, 0.7, -1.0] {
            for method in [Method::MultiStage, Method::DarkChannelPrior] {
                let even = Picture::from_pixels(Array3::from_elem((40, 40, 3), level))?;
                assert!(refused(&even, Dehazing { method, ..tiny() }).contains("nothing can be seen"));
            }
        }
        let small = Picture::from_pixels(scene(3)?.pixels().slice(s![..15, .., ..]).to_owned())?;
        assert!(refused(&small, tiny()).contains("16 pixels"));
        let scene = scene(3)?;
        assert!(refused(&scene, Dehazing { max_size: 0, ..tiny() }).contains("max-size is 0"));
        assert!(refused(&scene, Dehazing { niter: 100_001, ..tiny() }).contains("niter"));
        assert!(refused(&scene, Dehazing { filters: 0, ..tiny() }).contains("filters"));
        assert!(refused(&scene, Dehazing { stages: 9, ..tiny() }).contains("train-stages"));
        assert!(refused(&scene, Dehazing { rate: f64::NAN, ..tiny() }).contains("rate"));
        Ok(())
    }
}
