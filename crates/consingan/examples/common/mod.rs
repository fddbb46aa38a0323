//! What the examples share: a picture, and a model of it that is trained for seconds and draws accordingly.

#![allow(dead_code, unreachable_pub)] // no example needs everything

use consingan::{Options, Result, Run, Task, TrainConfig, free_name};

/// A picture that comes with the program.
pub const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/images/brick.png");

/// Settings that take seconds, for pictures of 40 pixels.
pub fn tiny<'a>(task: Task) -> Options<'a> {
    let mut options = Options::of(task, Default::default());
    options.config =
        TrainConfig { niter: 30, train_stages: 2, min_size: 25, max_size: 40, filters: 16, ..options.config };
    options.out = Some(free_name(&std::env::temp_dir().join("consingan-example"), ""));
    options
}

/// A run for a task, trained for seconds.
pub fn small_run(task: Task) -> Result<Run> {
    consingan::train(PHOTO, tiny(task))
}
