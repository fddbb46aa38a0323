//! Enlarging with the true pixels in mind: a small network learns, from the picture's own reductions, what an
//! enlargement misses.
//!
//! Internal learning as in Shocher, Cohen, Irani, "Zero-Shot Super-Resolution using Deep Internal Learning"
//! (CVPR 2018), with every step held to the given picture by back-projection, which alone is never farther
//! from the truth than bicubic.

use crate::pairs::{Pair, pair, pairs};
use crate::resample::{ROUNDS, back_project, enlarge, enlarged_size, reduce, rounded, size_of, steps};
use crate::residual::{self, cost, parts, residual};
use crate::trust::{self, Trust, seen, tried};
use crate::{Error, Result, UpscaleMode, UpscaleRequest, check_upscale};
use model::Generator;
use ndarray::{Array3, s};
use pyramid::{Picture, Size, Target, imresize};
use train::{Observer, Work};

/// Smallest shorter side of a reduced picture to train on.
const LEAST: usize = 8;

/// A picture's own enlarger.
#[derive(Debug)]
pub struct Enlarger {
    pub(crate) network: Generator,
    /// The factor of a step.
    pub(crate) step: f64,
    pub(crate) trust: Trust,
}

impl Enlarger {
    /// Trains on `picture`, to enlarge by the factor of `request`, in as many equal steps as keep each at 2
    /// or below. The observer is notified of every iteration: half as many as `request.niter` on the reduced
    /// picture, then `request.niter` on the picture.
    ///
    /// # Errors
    /// [`Error::Range`] and [`Error::TooLarge`] for what cannot be asked; [`Error::Stopped`] where the
    /// observer stops it; others where training fails.
    pub fn train(picture: &Picture, request: &UpscaleRequest, observer: &mut dyn Observer) -> Result<Self> {
        check_upscale(picture.size(), request.factor, UpscaleMode::Fidelity)?;
        request.check_training()?;
        let (step, _) = steps(request.factor);
        let pieces = pieces(picture, request.max_size)?;
        let reduced = pieces.iter().map(|piece| reduced(piece, step)).collect::<Result<Vec<_>>>()?;
        let below = request.niter.div_ceil(2);
        let (mut done, all) = (0, below + request.niter);
        let enlarging: f64 = sizes(picture.size(), request.factor).map(cost).sum();
        let share = |done: usize| done as f64 / (all as f64 + enlarging);
        let mut train = |pieces: &[Array3<f32>], niter: usize| {
            let mut own = Vec::new();
            for piece in pieces {
                own.extend(pairs(piece.view(), step)?);
            }
            let network = residual::train(&own, picture.channels(), request.seed, niter, &mut |loss| {
                done += 1;
                observer.progress(Work::LearningToEnlarge { loss, share: share(done) }, done, all)
            })?;
            Ok::<_, Error>((network, own))
        };
        // The test one step below: the picture is a truth that the network trained there has not seen.
        let (h, w) = size_of(&reduced[0].view());
        let from_below = if h.min(w) < LEAST {
            (0.0, 0.0)
        } else {
            let (network, _) = train(&reduced, below)?;
            let unseen = pair(pieces[0].clone(), step)?;
            tried(&residual(&network, unseen.enlarged.view(), &mut || Ok(()))?, &unseen)
        };
        let (network, own) = train(&pieces, request.niter)?;
        let Pair { enlarged, .. } = &own[0];
        let residual = residual(&network, enlarged.view(), &mut || Ok(()))?;
        let trained = seen(residual.view(), step, (h, w))?;
        Ok(Self { network, step, trust: Trust { below: from_below, trained } })
    }

    /// Channels of the pictures it is for.
    pub fn channels(&self) -> usize {
        self.network.config().channels
    }

    /// Whether it can enlarge `picture` by `factor`: the factor's steps must be of the size it was trained
    /// for.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::TooLarge`], [`Error::Channels`] and [`Error::Step`] where it cannot.
    pub fn check(&self, picture: &Picture, factor: f64) -> Result<()> {
        check_upscale(picture.size(), factor, UpscaleMode::Fidelity)?;
        let (found, expected) = (picture.channels(), self.channels());
        if found != expected {
            return Err(Error::Channels { found, expected });
        }
        if (steps(factor).0 - self.step).abs() > 1e-6 {
            return Err(Error::Step { factor, step: self.step });
        }
        Ok(())
    }

    /// `picture` enlarged by `factor`, which must be that of training or a power of its step. The observer is
    /// notified of every strip of the network's passes: eight for each step of the factor.
    ///
    /// # Errors
    /// As [`Enlarger::check`], and [`Error::Stopped`] where the observer stops it.
    pub fn apply(&self, picture: &Picture, factor: f64, observer: &mut dyn Observer) -> Result<Picture> {
        self.check(picture, factor)?;
        let low = picture.pixels();
        let (step, count) = steps(factor);
        let mut high = low.to_owned();
        let (mut passed, all) = (0, sizes(size_of(&low), factor).map(parts).sum());
        for done in 1..=count {
            let so_far = so_far(factor, done);
            let size = enlarged_size(size_of(&low), so_far);
            let bicubic = enlarge(low, so_far, size)?;
            let projected = back_project(bicubic.clone(), low, so_far, ROUNDS)?;
            let margin = trust::energy(&(&projected - &bicubic));
            let enlarged = if done == 1 {
                projected
            } else {
                back_project(enlarge(high.view(), step, size)?, low, so_far, ROUNDS)?
            };
            let residual = residual(&self.network, enlarged.view(), &mut || {
                passed += 1;
                observer.progress(Work::Enlarging, passed, all)
            })?;
            let seen = seen(residual.view(), step, size_of(&high.view()))?;
            let strength = self.trust.strength(seen, margin);
            high = (enlarged + residual * strength as f32).mapv_into(|v| v.clamp(-1.0, 1.0));
            high = back_project(high, low, so_far, ROUNDS)?;
        }
        Ok(Picture::from_pixels(high)?)
    }
}

/// The factor after so many of its steps.
fn so_far(factor: f64, done: usize) -> f64 {
    let (step, count) = steps(factor);
    if done == count { factor } else { step.powi(done as i32) }
}

/// The size after each step of the factor.
fn sizes(size: Size, factor: f64) -> impl Iterator<Item = Size> {
    (1..=steps(factor).1).map(move |done| enlarged_size(size, so_far(factor, done)))
}

/// What is trained on: the picture or, where it is larger than `max_size`, its middle as it is and all of it
/// reduced.
fn pieces(picture: &Picture, max_size: usize) -> Result<Vec<Array3<f32>>> {
    let (h, w) = picture.size();
    let pixels = picture.pixels();
    if h.max(w) <= max_size {
        return Ok(vec![pixels.to_owned()]);
    }
    let (rows, columns) = (h.min(max_size), w.min(max_size));
    let (top, left) = ((h - rows) / 2, (w - columns) / 2);
    let middle = pixels.slice(s![top..top + rows, left..left + columns, ..]).to_owned();
    let all = imresize(pixels, Target::Scale(max_size as f64 / h.max(w) as f64))?;
    Ok(vec![middle, all.mapv_into(|v| v.clamp(-1.0, 1.0))])
}

/// One step below, rounded to 8 bits.
fn reduced(pixels: &Array3<f32>, step: f64) -> Result<Array3<f32>> {
    let (h, w) = size_of(&pixels.view());
    let side = |n: usize| (n as f64 / step).ceil() as usize;
    rounded(reduce(pixels.view(), step, (side(h), side(w)))?)
}
