//! Enlarging and dehazing, which train on the picture itself.

use crate::source::{make_at, usual_place};
use crate::training::trained;
use crate::{Result, Run, Source};
use dehaze::{DehazeRequest, Dehazed};
use pyramid::Picture;
use std::borrow::Cow;
use std::path::Path;
use train::Observer;
use upscale::{UpscaleMode, UpscaleRequest, check_upscale, upscale_with_run};

/// Enlarges a picture. What [`UpscaleMode::Perceptual`] trains for that is kept as a run, `runs/NAME-upscale`
/// after the picture's file, numbered where that is taken.
///
/// # Errors
/// [`crate::Error::Picture`] where the picture cannot be read, [`crate::Error::Upscale`] for values outside
/// their ranges, results that would be too large, and where the observer stops it;
/// [`crate::Error::Interrupted`] where it stops the training of a run.
pub fn upscale<'a>(
    picture: impl Into<Source<'a>>,
    request: UpscaleRequest,
    observer: &mut dyn Observer,
) -> Result<Picture> {
    let (picture, name) = picture.into().load()?;
    if request.mode == UpscaleMode::Fidelity {
        let factor = request.factor;
        return Enlarger::train(picture.as_ref(), request, observer)?.apply(
            picture.as_ref(),
            factor,
            observer,
        );
    }
    check_upscale(picture.size(), request.factor, request.mode)?;
    let source = Source::Memory { picture: Cow::Borrowed(&picture), name };
    let run = trained(upscaling_run(source, &request, None)?.on(crate::any_device()), observer)?;
    run.upscale(picture.as_ref(), request.factor, request.seed, observer)
}

/// A network that was trained to enlarge one picture ([`UpscaleMode::Fidelity`]), for repeated use.
#[derive(Debug)]
pub struct Enlarger(upscale::Enlarger);

impl Enlarger {
    /// Trains on a picture, to enlarge by the request's factor.
    ///
    /// # Errors
    /// As [`upscale()`].
    pub fn train<'a>(
        picture: impl Into<Source<'a>>,
        request: UpscaleRequest,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let picture = picture.into().picture()?;
        Ok(Self(upscale::Enlarger::train(&picture, &request, observer)?))
    }

    /// Loads an enlarger that [`Enlarger::save`] made.
    ///
    /// # Errors
    /// [`crate::Error::Upscale`] where there is none, or it is damaged.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self> {
        Ok(Self(upscale::Enlarger::load(dir.as_ref())?))
    }

    /// Saves the enlarger in a new directory.
    ///
    /// # Errors
    /// [`crate::Error::Upscale`] where the directory exists or cannot be made.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<()> {
        Ok(self.0.save(dir.as_ref())?)
    }

    /// Enlarges a picture by the factor of training, or by a power of the step that it was trained for.
    ///
    /// # Errors
    /// As [`upscale()`].
    pub fn apply<'a>(
        &self,
        picture: impl Into<Source<'a>>,
        factor: f64,
        observer: &mut dyn Observer,
    ) -> Result<Picture> {
        let picture = picture.into().picture()?;
        Ok(self.0.apply(&picture, factor, observer)?)
    }
}

/// Makes the run directory for enlarging a picture in [`UpscaleMode::Perceptual`]: `out`, or the place that
/// [`upscale()`] names. [`Run::train`] trains it.
///
/// # Errors
/// [`crate::Error::Picture`] where the picture cannot be read, [`crate::Error::Upscale`] for values outside
/// their ranges, and where the directory exists or cannot be made.
pub fn upscaling_run<'a>(
    picture: impl Into<Source<'a>>,
    request: &UpscaleRequest,
    out: Option<&Path>,
) -> Result<Run> {
    let (picture, name) = picture.into().load()?;
    let run = make_at(out, &usual_place("runs", &name, "-upscale"), |dir| {
        Ok(upscale::upscaling_run(&picture, request, dir, &name)?)
    })?;
    Ok(Run { run, device: candle_core::Device::Cpu })
}

impl Run {
    /// Enlarges a picture `factor` times, above 1, to 32, with a run that was trained for it.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] where the picture cannot be read, [`crate::Error::Upscale`] for the factor,
    /// for a run of something else, and where the observer stops it.
    pub fn upscale<'a>(
        &self,
        picture: impl Into<Source<'a>>,
        factor: f64,
        seed: u64,
        observer: &mut dyn Observer,
    ) -> Result<Picture> {
        let picture = picture.into().picture()?;
        Ok(upscale_with_run(&self.run, &picture, factor, seed, observer)?)
    }
}

/// Removes haze from a picture.
///
/// # Errors
/// [`crate::Error::Picture`] where the picture cannot be read, [`crate::Error::Dehaze`] for values outside
/// their ranges, pictures in which nothing can be seen, and where the observer stops it.
pub fn dehaze<'a>(
    picture: impl Into<Source<'a>>,
    request: DehazeRequest,
    observer: &mut dyn Observer,
) -> Result<Dehazed> {
    let picture = picture.into().picture()?;
    Ok(dehaze::dehaze(&picture, &request, observer)?)
}
