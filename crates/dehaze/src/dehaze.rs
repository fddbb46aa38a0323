//! The task: a hazy picture is taken apart, and the parts are written.

use crate::dark_channel::dark_channel_prior;
use crate::maps::{Guided, Map, brightness, colours};
use crate::network::train_transmission;
use crate::physics::{Airlight, behind_haze, within_range};
use crate::prior::Prior;
use crate::{DehazeRequest, Method, Result};
use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3, Axis, concatenate, s};
use pyramid::{Depth, Picture, Schedule, Spacing};
use std::path::Path;
use train::files::write_tensors;
use train::pictures::to_nchw;
use train::{Format, Observer, Output};

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

/// Takes haze away from `picture`. The observer is notified of every iteration.
///
/// # Errors
/// [`crate::Error::Range`] for settings out of range, [`crate::Error::Small`] for a picture with a side below
/// 16 pixels, [`crate::Error::Even`] for one whose pixels are all the same: nothing is known about what is
/// behind such haze. [`crate::Error::Diverged`] if training diverges, [`crate::Error::Stopped`] where the
/// observer stops it.
pub fn dehaze(picture: &Picture, request: &DehazeRequest, observer: &mut dyn Observer) -> Result<Dehazed> {
    request.check(picture)?;
    let hazy = colours(picture);
    let (airlight, transmission) = match request.method {
        Method::DarkChannelPrior => dark_channel_prior(hazy.view())?,
        Method::MultiStage => multi_stage(&hazy, request, observer)?,
    };
    let transmission = within_range(hazy.view(), &transmission, &airlight);
    let clear = behind_haze(hazy.view(), &transmission, &airlight).mapv(|v| v * 2.0 - 1.0);
    let alpha = picture.pixels().slice_move(s![.., .., clear.dim().2..]);
    // Both have the picture's size, so that this cannot fail.
    let pixels =
        concatenate(Axis(2), &[clear.view(), alpha]).map_err(|e| candle_core::Error::Msg(e.to_string()))?;
    Ok(Dehazed { picture: Picture::from_pixels(pixels)?, transmission, airlight })
}

/// The estimate on a small picture, brought to full size by a guided filter.
fn multi_stage(
    hazy: &Array3<f32>,
    request: &DehazeRequest,
    observer: &mut dyn Observer,
) -> Result<(Airlight, Map)> {
    let (h, w, channels) = hazy.dim();
    let rgb = Array3::from_shape_fn((h, w, 3), |(y, x, c)| hazy[[y, x, c.min(channels - 1)]] * 2.0 - 1.0);
    // What the critic needs to see of a picture.
    let smallest = 11;
    let short = h.min(w) * request.max_size.min(h.max(w)) / h.max(w);
    let schedule = Schedule {
        min_size: short.clamp(smallest, 20),
        max_size: request.max_size,
        stages: request.stages,
        spacing: Spacing::Improved,
    };
    let pyramid: Vec<_> =
        pyramid::pyramid(&Picture::from_pixels(rgb)?, &schedule, smallest)?.iter().map(colours).collect();
    let small = &pyramid[pyramid.len() - 1];
    let prior = Prior::estimate(small.view());
    let t = if request.niter == 0 {
        prior.transmission.clone()
    } else {
        train_transmission(&pyramid, &prior, request, observer)?
    };
    // The windows are as wide as the haze varies, the tolerance keeps the picture's texture out of it.
    let (sh, sw, _) = small.dim();
    let t = Guided::fit(&brightness(small.view()), &t, (sh.max(sw) / 16).max(2), 1e-2)
        .apply(&brightness(hazy.view()))?;
    Ok((prior.airlight, t.mapv(|t| t.clamp(0.0, 1.0))))
}

impl Dehazed {
    /// Writes J, t (as pictures, or as `.safetensors`: `image [1, C, H, W]` in [-1, 1], `transmission [1, 1, H,
    /// W]` in [0, 1]) and `A.json` into the new directory `dir`, which is there with all of them or not at
    /// all.
    ///
    /// # Errors
    /// [`crate::Error::File`] and others where a file cannot be written.
    pub fn write(&self, dir: &Path, output: &Output) -> Result<()> {
        files::make_directory(dir, |temporary| self.write_files(temporary, output))
    }

    fn write_files(&self, dir: &Path, output: &Output) -> Result<()> {
        let (h, w) = self.transmission.dim();
        if output.format == Some(Format::Safetensors) {
            let image = to_nchw(&train::tensor(&self.picture, &Device::Cpu)?)?;
            write_tensors(&dir.join("J.safetensors"), vec![("image".into(), image)], None)?;
            let t = self.transmission.iter().copied().collect::<Vec<f32>>();
            let t = Tensor::from_vec(t, (1, 1, h, w), &Device::Cpu)?;
            write_tensors(&dir.join("t.safetensors"), vec![("transmission".into(), t)], None)?;
        } else {
            output.write(&self.picture, dir, "J")?;
            let t = self.transmission.mapv(|t| t * 2.0 - 1.0).insert_axis(Axis(2));
            let depth = output.maps.first().map_or(Depth::Eight, |map| map.depth);
            let map = train::Map { depth, ..train::Map::plain(1) };
            let output = Output { maps: vec![map], palette: None, ..output.clone() };
            output.write(&Picture::from_pixels(t)?, dir, "t")?;
        }
        let path = dir.join("A.json");
        let text = serde_json::json!({"A": self.airlight}).to_string() + "\n";
        Ok(files::write(&path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haze;
    use train::Silent;

    fn scene(channels: usize) -> Result<Picture> {
        let pixels = Array3::from_shape_fn((40, 56, channels), |(y, x, c)| {
            (((y / 4) * 31 + (x / 4) * 17) * (c + 3) % 11) as f32 / 6.0 - 0.9
        });
        Ok(Picture::from_pixels(pixels)?)
    }

    fn tiny() -> DehazeRequest {
        DehazeRequest { niter: 3, max_size: 32, stages: 2, filters: 4, ..DehazeRequest::default() }
    }

    /// The scene behind haze that grows to the right.
    fn hazy(channels: usize, beta: f32, airlight: Airlight) -> Result<Picture> {
        let transmission = Array2::from_shape_fn((40, 56), |(_, x)| (-beta * x as f32 / 56.0).exp());
        haze(&scene(channels)?, &transmission, airlight)
    }

    #[test]
    fn both_methods_come_nearer_to_the_truth() -> Result<()> {
        let (clear, hazy) = (scene(3)?, hazy(3, 1.2, [0.85; 3])?);
        let error = |picture: &Picture| {
            (&picture.pixels() - &clear.pixels()).mapv(|v| v * v).mean().unwrap_or_default()
        };
        for (method, share) in [(Method::DarkChannelPrior, 1.0), (Method::MultiStage, 0.6)] {
            let request = DehazeRequest { method, ..tiny() };
            let found = error(&dehaze(&hazy, &request, &mut Silent)?.picture);
            assert!(found < share * error(&hazy), "{method:?}: {found} against {}", error(&hazy));
        }
        Ok(())
    }

    #[test]
    fn a_scene_that_is_pale_by_itself_is_not_made_worse() -> Result<()> {
        // Brown and green ground without anything dark, as a desert in a hazy picture is.
        let ground = Array3::from_shape_fn((60, 90, 3), |(y, x, c)| {
            let texture = ((y * 31 + x * 17) % 7) as f32 / 70.0;
            let tint = [0.08, 0.0, -0.06][c] * if x % 30 < 15 { 1.0 } else { -0.6 };
            (0.42 + tint + texture) * 2.0 - 1.0
        });
        let clear = Picture::from_pixels(ground)?;
        let transmission = Array2::from_shape_fn((60, 90), |(y, _)| (-0.8 * (1.0 - y as f32 / 60.0)).exp());
        let hazy = haze(&clear, &transmission, [0.78, 0.8, 0.84])?;
        let found = dehaze(&hazy, &DehazeRequest { niter: 0, ..tiny() }, &mut Silent)?.picture;
        let error = |picture: &Picture| {
            (&picture.pixels() - &clear.pixels()).mapv(|v| v * v).mean().unwrap_or_default()
        };
        assert!(error(&found) < error(&hazy), "{} against {}", error(&found), error(&hazy));
        assert_ne!(found, hazy, "some haze is removed");
        Ok(())
    }

    #[test]
    fn size_channels_and_alpha_stay_and_a_seed_gives_the_same_again() -> Result<()> {
        for channels in 1..=4 {
            let hazy = hazy(channels, 1.0, [0.8; 3])?;
            let once = dehaze(&hazy, &tiny(), &mut Silent)?;
            assert_eq!(once.picture.pixels().dim(), (40, 56, channels));
            assert_eq!(once.transmission.dim(), (40, 56));
            assert!(once.transmission.iter().all(|t| (0.0..=1.0).contains(t)));
            if channels % 2 == 0 {
                let alpha = |p: &Picture| p.pixels().index_axis(Axis(2), channels - 1).to_owned();
                assert_eq!(alpha(&once.picture), alpha(&hazy));
            }
            let again = dehaze(&hazy, &tiny(), &mut Silent)?;
            assert_eq!(once.picture, again.picture);
            let other = dehaze(&hazy, &DehazeRequest { seed: 1, ..tiny() }, &mut Silent)?;
            assert_ne!(once.transmission, other.transmission);
        }
        Ok(())
    }

    #[test]
    fn what_says_nothing_is_refused() -> Result<()> {
        let refused = |picture: &Picture, config: DehazeRequest| {
            dehaze(picture, &config, &mut Silent).expect_err("refused").to_string()
        };
        for level in [1.0, 0.7, -1.0] {
            for method in [Method::MultiStage, Method::DarkChannelPrior] {
                let even = Picture::from_pixels(Array3::from_elem((40, 40, 3), level))?;
                assert!(refused(&even, DehazeRequest { method, ..tiny() }).contains("nothing can be seen"));
            }
        }
        let small = Picture::from_pixels(scene(3)?.pixels().slice(s![..15, .., ..]).to_owned())?;
        assert!(refused(&small, tiny()).contains("at least 16 pixels"));
        let scene = scene(3)?;
        assert!(refused(&scene, DehazeRequest { max_size: 0, ..tiny() }).contains("max-size is 0"));
        assert!(refused(&scene, DehazeRequest { niter: 100_001, ..tiny() }).contains("niter"));
        assert!(refused(&scene, DehazeRequest { filters: 0, ..tiny() }).contains("filters"));
        assert!(refused(&scene, DehazeRequest { stages: 9, ..tiny() }).contains("train-stages"));
        assert!(refused(&scene, DehazeRequest { rate: f64::NAN, ..tiny() }).contains("rate"));
        Ok(())
    }
}
