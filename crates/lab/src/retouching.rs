//! Trials of retouching on pictures that are made of a clear one, so that the truth is known.

use anyhow::Result;
use candle_core::Device;
use metrics::{PATCH, match_patches};
use ndarray::{Array2, Array3, Axis, s};
use pyramid::Picture;
use std::path::Path;
use tasks::{Draws, Recolouring, RetouchRequest, Retouched, Task, Transfer, fine_tune, first_input, retouch};
use train::{Control, Event, Moment, Pace, Run, Silent, train};

/// What is tried, and how.
#[derive(Clone, Copy, Debug)]
pub struct RetouchTrial<'a> {
    /// The clear picture, the one that the run was trained on; the naive pictures have its size.
    pub picture: &'a Picture,
    /// How many naive pictures are made of it.
    pub cases: u32,
    /// Seed of where and how.
    pub seed: u64,
    /// What to take from the network's picture; the preset's if none is given.
    pub transfer: Option<Transfer>,
    /// Whether the mask is given, or derived as it is where people give none.
    pub with_mask: bool,
    /// Fine-tune on every naive picture, for so many iterations, in this directory.
    pub fine_tune: Option<(usize, &'a Path)>,
}

/// The figures of one naive picture and of its result.
#[derive(Clone, Debug)]
pub struct RetouchFigures {
    /// Harmonization: mean absolute difference to the truth inside the mask, of a range of 1. Editing: patch realism across the
    /// tiles' borders, the mean squared difference a value of the 7x7 patches there to the training picture's nearest.
    pub naive: f64,
    /// The same figure of the result.
    pub result: f64,
    /// Editing: mean absolute difference to the naive picture inside the tiles, 7 px in, of a range of 1.
    pub moved: Option<f64>,
}

/// The pictures of one case, to look at.
#[derive(Clone, Debug)]
pub struct RetouchCase {
    /// The truth (harmonization) or the clear picture (editing).
    pub truth: Picture,
    /// What was retouched.
    pub naive: Picture,
    /// The result.
    pub retouched: Retouched,
}

/// Parts of the picture pasted elsewhere in it and recoloured: how far from the paste without the recolouring are they before
/// and after? `look` sees every case.
///
/// # Errors
/// Where the run cannot retouch, and the first of `look`.
pub fn try_harmonization(
    run: &Run,
    trial: &RetouchTrial<'_>,
    mut look: impl FnMut(u32, &RetouchCase) -> Result<()>,
) -> Result<Vec<RetouchFigures>> {
    let mut figures = Vec::new();
    for case in 0..trial.cases {
        let (truth, naive, place) = recoloured(trial, case);
        let retouched = done(run, &naive, &place, trial, case)?;
        let error = |pixels: &Array3<f32>| {
            let differences = (pixels - &truth).mapv(|v| f64::from(v.abs()) / 2.0);
            weighted_mean(&differences, &place)
        };
        let result = retouched.picture.pixels().to_owned();
        figures.push(RetouchFigures { naive: error(&naive), result: error(&result), moved: None });
        let case_of = RetouchCase {
            truth: Picture::from_pixels(truth)?,
            naive: Picture::from_pixels(naive)?,
            retouched,
        };
        look(case, &case_of)?;
    }
    Ok(figures)
}

/// Parts of the picture moved elsewhere in it: how far from anything in the picture are the patches across their borders before
/// and after, and are the insides kept? `look` sees every case.
///
/// # Errors
/// Where the run cannot retouch, and the first of `look`.
pub fn try_editing(
    run: &Run,
    trial: &RetouchTrial<'_>,
    mut look: impl FnMut(u32, &RetouchCase) -> Result<()>,
) -> Result<Vec<RetouchFigures>> {
    let clear = trial.picture.pixels().to_owned();
    let mut figures = Vec::new();
    for case in 0..trial.cases {
        let (naive, tiles) = moved(trial, case);
        let retouched = done(run, &naive, &tiles, trial, case)?;
        let result = retouched.picture.pixels().to_owned();
        let inside = (&result - &naive).mapv(|v| f64::from(v.abs()) / 2.0);
        figures.push(RetouchFigures {
            naive: across(&naive, &clear, &tiles)?,
            result: across(&result, &clear, &tiles)?,
            moved: Some(weighted_mean(&inside, &eroded(&tiles, PATCH))),
        });
        let case_of =
            RetouchCase { truth: trial.picture.clone(), naive: Picture::from_pixels(naive)?, retouched };
        look(case, &case_of)?;
    }
    Ok(figures)
}

/// Retouches, after fine-tuning where that is asked for.
fn done(
    run: &Run,
    naive: &Array3<f32>,
    place: &Array2<f32>,
    trial: &RetouchTrial<'_>,
    case: u32,
) -> Result<Retouched> {
    let naive = Picture::from_pixels(naive.clone())?;
    let mask = Picture::from_pixels(place.mapv(|v| v * 2.0 - 1.0).insert_axis(Axis(2)))?;
    let request =
        RetouchRequest { mask: trial.with_mask.then_some(&mask), seed: trial.seed, transfer: trial.transfer };
    let Some((niter, folder)) = trial.fine_tune else {
        return Ok(retouch(run, &naive, &request, &mut Silent)?);
    };
    let mut tuned = fine_tune(&folder.join(format!("case-{case}")), run, &naive, niter)?;
    let first = first_input(&tuned, &Device::Cpu)?;
    let observer = &mut |_: &Event<'_>| Control::Continue;
    train(&mut tuned, first.as_ref(), &Device::Cpu, Pace::default(), observer)?;
    Ok(retouch(&tuned, &naive, &request, &mut Silent)?)
}

fn draws(trial: &RetouchTrial<'_>, case: u32, task: Task) -> Draws {
    Draws::new(Moment::trial(trial.seed, u32::from(task == Task::Editing), case), 0)
}

/// A part of the picture's size, of `least` to `most` of its sides, from one place to another one.
fn part((h, w): (usize, usize), (least, most): (f64, f64), draws: &mut Draws) -> [(usize, usize, usize); 2] {
    let axis = |n: usize, draws: &mut Draws| {
        let side = ((draws.between(least, most) * n as f64).round() as usize).clamp(1, n);
        (side, draws.whole(0, n - side), draws.whole(0, n - side))
    };
    loop {
        let found = [axis(h, draws), axis(w, draws)];
        let by = |(side, from, to): (usize, usize, usize)| from.abs_diff(to) as f64 / side as f64;
        if by(found[0]).max(by(found[1])) > 0.5 || least > 0.6 {
            return found;
        }
    }
}

/// Truth, naive picture, and where they differ.
fn recoloured(trial: &RetouchTrial<'_>, case: u32) -> (Array3<f32>, Array3<f32>, Array2<f32>) {
    let mut draws = draws(trial, case, Task::Harmonization);
    let clear = trial.picture.pixels().to_owned();
    let (h, w) = trial.picture.size();
    let gray = trial.picture.channels() < 3;
    let mut attempt = 0;
    loop {
        let [(height, y, to_y), (width, x, to_x)] = part((h, w), (0.25, 0.45), &mut draws);
        let mut truth = clear.clone();
        let to = s![to_y..to_y + height, to_x..to_x + width, ..];
        truth.slice_mut(to).assign(&clear.slice(s![y..y + height, x..x + width, ..]));
        // Gray pictures have no tint and no hue.
        let change = kind(if gray { case | 1 } else { case }, &mut draws);
        let mut changed = truth.slice(to).to_owned();
        change.apply(&mut changed);
        let seen = (&changed - &truth.slice(to)).mapv(f32::abs).mean().unwrap_or_default() / 2.0;
        attempt += 1;
        // Changes that can hardly be seen are drawn again, unless the picture has a single colour.
        if seen > 0.04 || attempt > 40 {
            let mut naive = truth.clone();
            naive.slice_mut(to).assign(&changed);
            let mut place = Array2::zeros((h, w));
            place.slice_mut(s![to_y..to_y + height, to_x..to_x + width]).fill(1.0);
            return (truth, naive, place);
        }
    }
}

/// Four kinds of recolouring in turn: a tint, another brightness, another hue, another contrast with a cast.
fn kind(case: u32, draws: &mut Draws) -> Recolouring {
    let none = Recolouring { gamma: 1.0, matrix: Recolouring::turn(0.0, 1.0), offset: [0.0; 3] };
    let sign = if draws.chance(0.5) { 1.0 } else { -1.0 };
    match case % 4 {
        0 => {
            let warm = sign * draws.between(0.2, 0.4);
            let mut tinted = none;
            tinted.matrix[0][0] = 1.0 + warm;
            tinted.matrix[2][2] = 1.0 - warm;
            tinted
        }
        1 => Recolouring { gamma: (sign * draws.between(0.35, 0.7)).exp(), ..none },
        2 => Recolouring { matrix: Recolouring::turn(sign * draws.between(0.5, 1.5), 1.0), ..none },
        _ => {
            let scale = draws.between(0.5, 0.8);
            let matrix = Recolouring::turn(0.0, draws.between(0.2, 0.9)).map(|row| row.map(|v| scale * v));
            let offset = std::array::from_fn(|_| draws.between(0.0, 0.3));
            Recolouring { matrix, offset, ..none }
        }
    }
}

/// Naive picture and tiles: one to three parts of the picture copied elsewhere.
fn moved(trial: &RetouchTrial<'_>, case: u32) -> (Array3<f32>, Array2<f32>) {
    let mut draws = draws(trial, case, Task::Editing);
    let clear = trial.picture.pixels().to_owned();
    let (h, w) = trial.picture.size();
    let (mut naive, mut tiles) = (clear.clone(), Array2::zeros((h, w)));
    for _ in 0..1 + case % 3 {
        let [(height, y, to_y), (width, x, to_x)] = part((h, w), (0.25, 0.4), &mut draws);
        let tile = clear.slice(s![y..y + height, x..x + width, ..]);
        naive.slice_mut(s![to_y..to_y + height, to_x..to_x + width, ..]).assign(&tile);
        tiles.slice_mut(s![to_y..to_y + height, to_x..to_x + width]).fill(1.0);
    }
    (naive, tiles)
}

/// Mean over the patches that lie partly inside the tiles: squared distance a value to the clear picture's nearest patch.
fn across(picture: &Array3<f32>, clear: &Array3<f32>, tiles: &Array2<f32>) -> Result<f64> {
    let Some(matches) = match_patches(picture.view(), clear.view(), &metrics::Options::default())? else {
        return Ok(0.0);
    };
    let (mut sum, mut count) = (0.0, 0.0);
    for row in 0..matches.sample.rows {
        for column in 0..matches.sample.columns {
            let inside = tiles.slice(s![row..row + PATCH, column..column + PATCH]).sum();
            if inside > 0.0 && inside < (PATCH * PATCH) as f32 {
                let distance = matches.distance[row * matches.sample.columns + column];
                sum += f64::from(distance / (PATCH * PATCH * 3) as f32);
                count += 1.0;
            }
        }
    }
    Ok(sum / f64::max(count, 1.0))
}

/// Where the tiles are, without what is nearer than `by` pixels to their border (the picture's own is none).
fn eroded(tiles: &Array2<f32>, by: usize) -> Array2<f32> {
    let (h, w) = tiles.dim();
    Array2::from_shape_fn((h, w), |(y, x)| {
        let (top, left) = (y.saturating_sub(by), x.saturating_sub(by));
        let around = tiles.slice(s![top..(y + by + 1).min(h), left..(x + by + 1).min(w)]);
        around.iter().copied().fold(1.0, f32::min)
    })
}

/// Mean over all channels where the weights are 1; 0 where none is.
fn weighted_mean(values: &Array3<f64>, weights: &Array2<f32>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for ((y, x, _), v) in values.indexed_iter() {
        sum += v * f64::from(weights[[y, x]]);
        count += f64::from(weights[[y, x]]);
    }
    sum / f64::max(count, 1.0)
}
