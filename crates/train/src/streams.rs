//! All streams of random numbers, named after their purpose.
//!
//! A stream is a seed, a name of three numbers and an iteration ([`kernels::Stream`]). The first number of
//! the name says what the stream is for; what the other two say depends on that. No other place makes
//! streams, so that this file shows which of them could meet. The numbers must not change: runs that were
//! started with them are resumed with them, and a seed gives the same pictures.

use kernels::Stream;

const WEIGHTS: u32 = 1;
const FIXED_NOISE: u32 = 2;
const TRAINING: u32 = 3;
const PENALTY: u32 = 4;
const SAMPLING: u32 = 5;
const CHOICES: u32 = 6;
const TRIAL: u32 = 7;

/// First weights of a generator; the iteration is the number of a parameter ([`model::first_weights`]).
pub fn generator_weights(seed: u64) -> Stream {
    Stream::new(seed, [WEIGHTS, 0, 0], 0)
}

/// First weights of a discriminator.
pub fn discriminator_weights(seed: u64) -> Stream {
    Stream::new(seed, [WEIGHTS, 0, 1], 0)
}

/// First weights of the network that enlarges pictures with fidelity.
pub fn enlarger_weights(seed: u64) -> Stream {
    Stream::new(seed, [WEIGHTS, 0, 2], 0)
}

/// A run's fixed noise that enters `stage`.
pub fn fixed_noise(seed: u64, stage: usize) -> Stream {
    Stream::new(seed, [FIXED_NOISE, stage as u32, stage as u32], 0)
}

/// The noise that enters stage `level` in an iteration of training `stage`. That of level 0 belongs to a [`Moment`].
pub fn training_noise(seed: u64, stage: usize, level: usize, iteration: usize) -> Stream {
    Stream::new(seed, [TRAINING, stage as u32, level as u32], iteration as u32)
}

/// The mixing factors of the gradient penalty in an iteration of training `stage`.
pub fn penalty_alphas(seed: u64, stage: usize, iteration: usize) -> Stream {
    Stream::new(seed, [PENALTY, stage as u32, 0], iteration as u32)
}

/// The noise of sample `index` that enters stage `level`. That of level 0 belongs to a [`Moment`].
pub fn sample_noise(seed: u64, level: usize, index: u32) -> Stream {
    Stream::new(seed, [SAMPLING, 0, level as u32], index)
}

/// The fresh noise of a step of an animation's walk, at stage `level`.
pub fn walk_noise(seed: u64, level: usize, frame: u32) -> Stream {
    Stream::new(seed, [SAMPLING, 1, level as u32], frame)
}

/// The noise that enters stage `level` where a picture is enlarged perceptually: of the reconstruction
/// (`repeat` 0), or of the last stage's repetition number `repeat`. It has the numbers of an animation's
/// noise, which is never drawn in the same program run.
pub fn upscaling_noise(seed: u64, level: usize, repeat: usize) -> Stream {
    Stream::new(seed, [SAMPLING, 1, level as u32], repeat as u32)
}

/// Where the crops of an iteration are taken, in the training of an enlarger.
pub fn enlarger_crops(seed: u64, iteration: usize) -> Stream {
    Stream::new(seed, [CHOICES, 0, 0], iteration as u32)
}

/// What the critic of a dehazing network sees in an iteration of `stage`. The same numbers at stage 0 as an enlarger's crops, which
/// no dehazing meets.
pub fn dehazing_choices(seed: u64, stage: usize, iteration: usize) -> Stream {
    Stream::new(seed, [CHOICES, stage as u32, 0], iteration as u32)
}

/// The depths of haze that is put over a clear picture.
pub fn synthetic_haze(seed: u64) -> Stream {
    Stream::new(seed, [TRIAL, 0, 0], 0)
}

/// The occasion of a random draw: a training iteration, a sample, or a case of a trial.
///
/// A moment has noise and any number of sets of choices, each with noise of its own. None of them share
/// numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    seed: u64,
    /// [`TRAINING`], [`SAMPLING`] or [`TRIAL`].
    occasion: u32,
    stage: u32,
    iteration: u32,
}

impl Moment {
    /// An iteration of training `stage`.
    pub fn training(seed: u64, stage: usize, iteration: usize) -> Self {
        Self { seed, occasion: TRAINING, stage: stage as u32, iteration: iteration as u32 }
    }

    /// Sample number `index`.
    pub fn sample(seed: u64, index: u32) -> Self {
        Self { seed, occasion: SAMPLING, stage: 0, iteration: index }
    }

    /// A case of a trial; `kind` tells trials apart.
    pub fn trial(seed: u64, kind: u32, case: u32) -> Self {
        Self { seed, occasion: TRIAL, stage: kind, iteration: case }
    }

    /// The noise that enters stage 0.
    pub fn noise(self) -> Stream {
        Stream::new(self.seed, [self.occasion, self.stage, 0], self.iteration)
    }

    /// Numbers to choose by, for set number `set` of choices, below 256.
    pub fn choices(self, set: u32) -> Stream {
        Stream::new(self.seed, [CHOICES, self.stage, self.set(set)], self.iteration)
    }

    /// Noise number `index` of a set of choices, below 65535.
    pub fn noise_of_choices(self, set: u32, index: u32) -> Stream {
        Stream::new(self.seed, [CHOICES, self.stage, self.set(set) | (index + 1) << 16], self.iteration)
    }

    fn set(self, set: u32) -> u32 {
        self.occasion << 8 | set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// The names must not change.
    #[test]
    fn names_stay() {
        let named = |stream: Stream, name: [u32; 3], iteration: u32| {
            assert_eq!(stream, Stream::new(9, name, iteration));
        };
        named(generator_weights(9), [1, 0, 0], 0);
        named(discriminator_weights(9), [1, 0, 1], 0);
        named(enlarger_weights(9), [1, 0, 2], 0);
        named(fixed_noise(9, 3), [2, 3, 3], 0);
        named(training_noise(9, 4, 2, 77), [3, 4, 2], 77);
        named(penalty_alphas(9, 4, 77), [4, 4, 0], 77);
        named(sample_noise(9, 2, 5), [5, 0, 2], 5);
        named(walk_noise(9, 2, 5), [5, 1, 2], 5);
        named(upscaling_noise(9, 2, 5), [5, 1, 2], 5);
        named(enlarger_crops(9, 5), [6, 0, 0], 5);
        named(dehazing_choices(9, 2, 5), [6, 2, 0], 5);
        named(synthetic_haze(9), [7, 0, 0], 0);
        named(Moment::training(9, 2, 5).noise(), [3, 2, 0], 5);
        named(Moment::sample(9, 5).noise(), [5, 0, 0], 5);
        named(Moment::training(9, 2, 5).choices(1), [6, 2, 3 << 8 | 1], 5);
        named(Moment::sample(9, 5).choices(0), [6, 0, 5 << 8], 5);
        named(Moment::trial(9, 1, 5).choices(0), [6, 1, 7 << 8], 5);
        named(Moment::training(9, 2, 5).noise_of_choices(1, 2), [6, 2, 3 << 8 | 1 | 3 << 16], 5);
    }

    #[test]
    fn what_a_run_draws_never_meets() {
        let mut seen = HashSet::new();
        let mut new = |stream: Stream| assert!(seen.insert(stream), "{stream:?} again");
        new(generator_weights(1));
        new(discriminator_weights(1));
        for stage in 0..4 {
            new(fixed_noise(1, stage));
            for iteration in 0..4 {
                new(penalty_alphas(1, stage, iteration));
                let moment = Moment::training(1, stage, iteration);
                new(moment.noise());
                (1..4).for_each(|level| new(training_noise(1, stage, level, iteration)));
                for set in 0..2 {
                    new(moment.choices(set));
                    (0..2).for_each(|index| new(moment.noise_of_choices(set, index)));
                }
            }
        }
        for index in 0..4 {
            new(Moment::sample(1, index).noise());
            (1..4).for_each(|level| new(sample_noise(1, level, index)));
            (0..4).for_each(|level| new(walk_noise(1, level, index)));
        }
    }
}
