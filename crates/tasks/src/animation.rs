//! Animation: a random walk around the fixed noise, one picture a step (SinGAN's section 4 and its official
//! program).

use crate::Result;
use crate::sample::stages_done;
use candle_core::{Device, Tensor};
use limits::{OutOfRange, within};
use train::{Drawing, Model, Run, streams};

/// The settings of an animation's random walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnimateRequest {
    /// Pull back to the fixed noise, 0 to 1: at 1 nothing moves.
    pub alpha: f64,
    /// How much a step goes on like the one before, 0 to 1: at 1 nothing new comes in.
    pub beta: f64,
    /// Stages below keep the fixed noise.
    pub start_stage: usize,
    /// Pictures, 1 to 10000.
    pub frames: u32,
    /// How the walk ends.
    pub end: End,
    /// Seed of the walk.
    pub seed: u64,
}

/// How a walk ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The walk ends at any point.
    #[default]
    Open,
    /// The walk ends one step before its start, so that the animation loops.
    Loop,
}

impl Default for AnimateRequest {
    fn default() -> Self {
        Self { alpha: 0.1, beta: 0.9, start_stage: 1, frames: 100, end: End::Open, seed: 0 }
    }
}

/// A walk under way: an iterator over pictures `[1, H, W, C]` in [-1, 1].
///
/// With z_rec the fixed noise, u fresh noise, a and b the request's alpha and beta, a step is
/// `z = a z_rec + (1 - a) (z + b (z - z_before) + (1 - b) u)`, at every stage from the start stage on.
#[derive(Debug)]
pub struct Animation {
    model: Model,
    request: AnimateRequest,
    /// Distance from the fixed noise at each stage: now, and a step before.
    state: Vec<(Tensor, Tensor)>,
    frame: u32,
}

impl Animation {
    /// Prepares a walk.
    ///
    /// # Errors
    /// [`crate::Error::Range`] for values outside their ranges, [`crate::Error::NoStage`] for a run without a
    /// finished stage, [`crate::Error::Train`] where its files are damaged.
    pub fn new(run: &Run, request: &AnimateRequest, device: &Device) -> Result<Self> {
        let stages = stages_done(run)?;
        check(request, stages)?;
        let model = run.model(stages, device)?;
        let mut animation = Self { model, request: *request, state: Vec::new(), frame: 0 };
        animation.state = animation.start()?;
        Ok(animation)
    }

    /// The start of the walk. An open walk starts with a step from `z_rec` to `0.99 z_rec + 0.01 u`. A closed
    /// walk starts at the point to which a walk with the same fresh noise returns after all its frames.
    fn start(&self) -> Result<Vec<(Tensor, Tensor)>> {
        let moving = self.model.fixed.iter().enumerate().skip(self.request.start_stage);
        if self.request.end == End::Open {
            let first = |(level, fixed): (usize, &Tensor)| {
                let step = ((self.fresh(level, 0)? * 0.01)? - (fixed * 0.01)?)?;
                Ok((step, fixed.zeros_like()?))
            };
            return moving.map(first).collect();
        }
        let at_rest = moving.map(|(_, z)| Ok((z.zeros_like()?, z.zeros_like()?)));
        let mut state = at_rest.collect::<Result<Vec<_>>>()?;
        for frame in 1..=self.request.frames {
            self.step(&mut state, frame)?;
        }
        // The walk is linear: after all frames it is at M^n s + d, with M of a step and d what it was driven
        // to from rest.
        let [[a, b], [c, d]] = closing(&self.request);
        let closed = |(now, before): &(Tensor, Tensor)| {
            Ok((((now * a)? + (before * b)?)?, ((now * c)? + (before * d)?)?))
        };
        state.iter().map(closed).collect()
    }

    fn step(&self, state: &mut [(Tensor, Tensor)], frame: u32) -> Result<()> {
        let [now_factor, before_factor, fresh_factor] = factors(&self.request);
        for (i, (now, before)) in state.iter_mut().enumerate() {
            let fresh = self.fresh(self.request.start_stage + i, frame)?;
            let next = (((&*now * now_factor)? + (&*before * before_factor)?)? + (fresh * fresh_factor)?)?;
            *before = std::mem::replace(now, next);
        }
        Ok(())
    }

    fn fresh(&self, level: usize, frame: u32) -> Result<Tensor> {
        let fixed = &self.model.fixed[level];
        let (_, h, w, c) = fixed.dims4()?;
        let stream = streams::walk_noise(self.request.seed, level, frame);
        Ok(kernels::normal(stream, (0, 0), (h, w, c), fixed.device())?)
    }

    fn picture(&mut self) -> Result<Tensor> {
        let mut state = std::mem::take(&mut self.state);
        self.step(&mut state, self.frame)?;
        self.state = state;
        let mut noise = self.model.fixed.clone();
        for (z, (away, _)) in noise.iter_mut().skip(self.request.start_stage).zip(&self.state) {
            *z = (&*z + away)?;
        }
        Ok(Drawing::of(&self.model, noise).picture()?)
    }
}

impl Iterator for Animation {
    type Item = Result<Tensor>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.frame == self.request.frames {
            return None;
        }
        self.frame += 1;
        Some(self.picture())
    }
}

/// The factors of a step: of the present distance from the fixed noise, of the distance before, and of the
/// fresh noise.
fn factors(request: &AnimateRequest) -> [f64; 3] {
    let AnimateRequest { alpha, beta, .. } = *request;
    [(1.0 - alpha) * (1.0 + beta), -(1.0 - alpha) * beta, (1.0 - alpha) * (1.0 - beta)]
}

type Matrix = [[f64; 2]; 2];

/// `(I - M^n)^-1`, with M one step of (now, before) and n the frames.
fn closing(request: &AnimateRequest) -> Matrix {
    let [now, before, _] = factors(request);
    let mut power = [[1.0, 0.0], [0.0, 1.0]];
    for _ in 0..request.frames {
        power = product([[now, before], [1.0, 0.0]], power);
    }
    let [[a, b], [c, d]] = [[1.0 - power[0][0], -power[0][1]], [-power[1][0], 1.0 - power[1][1]]];
    let determinant = a * d - b * c;
    [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
}

fn product(a: Matrix, b: Matrix) -> Matrix {
    let cell = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
    [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
}

/// The least pull that brings a closed walk back without magnifying rounding.
const LEAST_PULL: f64 = 0.001;

fn check(request: &AnimateRequest, stages: usize) -> std::result::Result<(), OutOfRange> {
    within("alpha", request.alpha, 0.0..=1.0)?;
    within("beta", request.beta, 0.0..=1.0)?;
    if request.end == End::Loop && request.alpha < LEAST_PULL {
        let expected = format!("{LEAST_PULL} or more for a loop: nothing else brings the walk back");
        return Err(OutOfRange::new("alpha", request.alpha, expected));
    }
    if request.start_stage >= stages {
        let expected = format!("below {stages}, the number of finished stages, or nothing would move");
        return Err(OutOfRange::new("start-stage", request.start_stage, expected));
    }
    within("frames", request.frames, 1..=10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The walk of one number, driven by `fresh`, from (now, before).
    fn walk(request: &AnimateRequest, fresh: &[f64], (mut now, mut before): (f64, f64)) -> Vec<f64> {
        let [n, b, f] = factors(request);
        let mut list = Vec::new();
        for u in fresh {
            (now, before) = (n * now + b * before + f * u, now);
            list.push(now);
        }
        list
    }

    #[test]
    fn a_step_is_the_papers() {
        let request = AnimateRequest { alpha: 0.3, beta: 0.6, ..AnimateRequest::default() };
        let (rec, z, before, u) = (0.7, 1.1, -0.4, 2.0);
        let next = 0.3 * rec + 0.7 * (z + 0.6 * (z - before) + 0.4 * u);
        // Fresh noise is drawn around zero, the walk is kept around the fixed noise.
        let [n, b, f] = factors(&request);
        let kept = n * (z - rec) + b * (before - rec) + f * u;
        assert!((rec + kept - next).abs() < 1e-12);
    }

    #[test]
    fn a_closed_walk_comes_back() {
        for (alpha, beta, frames) in [(0.1, 0.9, 20), (0.1, 0.9, 200), (0.02, 0.99, 30), (0.5, 0.0, 1)] {
            let request = AnimateRequest { alpha, beta, frames, end: End::Loop, ..AnimateRequest::default() };
            let fresh: Vec<f64> = (0..frames).map(|i| f64::from(i * 7919 % 13) - 6.0).collect();
            let driven = walk(&request, &fresh, (0.0, 0.0));
            let n = driven.len();
            let (now, before) = (driven[n - 1], if n > 1 { driven[n - 2] } else { 0.0 });
            let [[a, b], [c, d]] = closing(&request);
            let start = (a * now + b * before, c * now + d * before);
            let closed = walk(&request, &fresh, start);
            assert!(
                (closed[n - 1] - start.0).abs() < 1e-9 * start.0.abs().max(1.0),
                "{alpha} {beta} {frames}"
            );
        }
    }

    #[test]
    fn values_outside_their_range_are_named() {
        let fine = AnimateRequest::default();
        assert!(check(&fine, 3).is_ok());
        let bad = |request| check(&request, 3).expect_err("refused").to_string();
        assert!(bad(AnimateRequest { alpha: f64::NAN, ..fine }).contains("alpha"));
        assert!(bad(AnimateRequest { beta: 1.5, ..fine }).contains("beta"));
        assert!(bad(AnimateRequest { start_stage: 3, ..fine }).contains("start-stage"));
        assert!(bad(AnimateRequest { frames: 0, ..fine }).contains("frames"));
        assert!(bad(AnimateRequest { alpha: 0.0, end: End::Loop, ..fine }).contains("loop"));
    }
}
