//! Retouching of a naive picture (one into which something was pasted, or in which parts were moved) by a run
//! of harmonization or editing.

mod checks;
mod colours;
mod difference;
mod fine_tune;
mod fit;
mod mask;
mod naive;
mod seams;
mod strange;
mod tone;
mod transfer;
mod twins;

pub use fine_tune::{fine_tune, fine_tune_niter};
pub use mask::MaskReading;
pub(crate) use naive::NaiveInput;
pub use seams::Kept;

use crate::{Error, Result, Task, Transfer, editing};
use candle_core::Device;
use checks::{fitted, retouching_task};
use fit::{Fit, coarsest};
use ndarray::{Array2, Array3};
use pyramid::Picture;
use train::pictures::{add_noise, pixels, tensor_of};
use train::{Drawing, Moment, Observer, Run, Work};
use transfer::Places;

/// The settings of retouching.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetouchRequest<'a> {
    /// White where to change, of any size; derived from the difference to the training picture if none is
    /// given.
    pub mask: Option<&'a Picture>,
    /// Seed of the noise on an edited picture.
    pub seed: u64,
    /// What to take from the network's picture. The default is that of the run's settings.
    pub transfer: Option<Transfer>,
}

/// A naive picture, retouched.
#[derive(Clone, Debug)]
pub struct Retouched {
    /// The result, of the naive picture's size and channels.
    pub picture: Picture,
    /// The network's output for the naive picture, at the run's finest size.
    pub network: Picture,
    /// The mask that was given or derived, white where to change, of the naive picture's size.
    pub mask: Picture,
    /// How the mask was understood.
    pub reading: MaskReading,
    /// The share of the picture in which the mask is white, 0 to 1.
    pub covered: f64,
    /// Parts that were kept as they were given, because the repair was worse ([`Transfer::Seams`]).
    pub kept: Kept,
}

/// The steps of retouching: the mask, what is strange under it, the network's picture, whether it is better, the transfer.
const STEPS: usize = 5;

/// A derived mask that covers more than this share tells that the picture is another one.
const MOST_CHANGED: f64 = 0.7;

/// Applies `run`, which was trained for harmonization or editing, to a picture: stage 0 gets the picture,
/// resized as training pictures were (for editing with noise on it), the stages above the fixed noise. The output replaces the naive
/// picture where the mask is white; the rest stays unchanged. The observer is notified of every step.
///
/// # Errors
/// [`crate::Error::CannotRetouch`] and [`crate::Error::Unfinished`] for the run; [`crate::Error::BlackMask`],
/// [`crate::Error::NoDifference`], [`crate::Error::OtherPicture`], [`crate::Error::OtherShape`] and
/// [`crate::Error::InColour`] for the pictures; [`crate::Error::Train`]
/// where the run's files are damaged; [`crate::Error::Stopped`] where the observer stops it.
pub fn retouch(
    run: &Run,
    naive: &Picture,
    request: &RetouchRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Retouched> {
    let mut step = |done: usize| observer.progress(Work::Retouching, done, STEPS);
    let task = retouching_task(run)?;
    let device = &Device::Cpu;
    let last = run.config.train_stages - 1;
    let fit = Fit::new(run, naive.size(), "naive picture")?;
    let fitted = fitted(run, naive)?;
    let (small, real) = (fit.finest(&fitted)?, pixels(&run.real(last, device)?)?);
    let (mask, pasted, reading) = masks(run, request.mask, &small, &real)?;

    step(1)?;

    let model = run.model(last + 1, device)?;
    let mut input = tensor_of(&coarsest(run, &small)?, device)?;
    if task == Task::Editing {
        input = add_noise(&input, Moment::sample(request.seed, 0).noise(), editing::NOISE)?;
    }
    let usual = || run.config.retouch.map_or(Transfer::Picture, |retouch| retouch.transfer);
    let how = request.transfer.unwrap_or_else(usual);
    let mut soft = mask::softened(&mask, radius(task));
    if how == Transfer::Seams {
        let strange = strange::strangeness(&small, &real, &soft)?;
        soft *= &seams::amounts(&strange, &pasted);
    }
    step(2)?;
    let mut noise = model.fixed.clone();
    noise[0] = input;
    let network = pixels(&Drawing::of(&model, noise).picture()?)?;
    step(3)?;
    let kept = match how {
        Transfer::Seams => {
            let inner = Places { soft: &soft, pasted: &pasted, real: &real, fit: fit.inner() };
            let repaired = transfer::transfer(how, &small, &network, inner)?;
            seams::keep_better(&mut soft, &small, &repaired, &real, &pasted)?
        }
        _ => Kept::default(),
    };
    step(4)?;
    let soft = fit.mask_up(&soft)?;
    let places = Places { soft: &soft, pasted: &pasted, real: &real, fit };
    let changed = transfer::transfer(how, &fitted, &network, places)?;
    step(5)?;
    let full_mask = fit.mask_up(&mask)?.mapv(|v| if v >= 0.5 { 1.0 } else { 0.0 });
    Ok(Retouched {
        picture: with_own_alpha(changed, naive)?,
        network: Picture::from_pixels(network)?,
        mask: mask::picture(&full_mask)?,
        reading,
        covered: f64::from(mask.mean().unwrap_or(0.0)),
        kept,
    })
}

/// The mask at the size of the finest stage, the part of it that was really changed, and how it was understood. `small` is the
/// naive picture of that size and `real` the training picture.
fn masks(
    run: &Run,
    given: Option<&Picture>,
    small: &Array3<f32>,
    real: &Array3<f32>,
) -> Result<(Array2<f32>, Array2<f32>, MaskReading)> {
    let changed = difference::derived(small, real);
    let Some(given) = given else {
        let changed = changed?;
        let share = f64::from(changed.mean().unwrap_or(0.0));
        if share > MOST_CHANGED {
            return Err(Error::OtherPicture { percent: (share * 100.0).round() as u32 });
        }
        return Ok((changed.clone(), changed, MaskReading::Derived));
    };
    let fit = Fit::new(run, given.size(), "mask")?;
    let changed = changed.ok();
    let (mask, reading) = mask::given(given, &fit, changed.as_ref())?;
    // People draw masks with some room around what they pasted, which must not count as pasted.
    let pasted = changed.map_or_else(|| mask.clone(), |changed| mask::narrowed(&mask, &changed));
    Ok((mask, pasted, reading))
}

/// Radius of the disk that a mask is dilated by, in pixels of the run's finest stage.
fn radius(task: Task) -> u8 {
    if task == Task::Editing { 20 } else { 7 }
}

/// The result with the naive picture's alpha, where it has one that the run does not know.
fn with_own_alpha(changed: Array3<f32>, naive: &Picture) -> Result<Picture> {
    let picture = Picture::from_pixels(changed)?;
    let (own, has) = (naive.channels(), picture.channels());
    if own % 2 == 1 || has.is_multiple_of(2) {
        return Ok(picture);
    }
    let mut pixels = picture.widened(own).into_pixels();
    let alpha = naive.pixels();
    pixels.index_axis_mut(ndarray::Axis(2), has).assign(&alpha.index_axis(ndarray::Axis(2), own - 1));
    Ok(Picture::from_pixels(pixels)?)
}
