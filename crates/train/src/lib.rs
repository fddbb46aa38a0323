//! ConSinGAN's stage-wise training: the step, the stage loop, checkpoints, the run directory and its events.
//!
//! [`Run::create`] makes a run directory for a picture, [`train`] takes it from wherever it is to its end, [`draw`] makes
//! pictures from the trained generator. The same configuration gives the same bytes on the same machine, whatever the
//! number of threads and however often the run was stopped. Nothing here prints; an [`Observer`] receives [`Event`]s.

mod assemble;
mod checkpoint;
mod config;
mod cost;
mod create;
mod error;
mod event;
pub mod files;
mod first_input;
mod format;
mod guard;
mod log;
mod losses;
mod memory;
mod noise;
mod optimizer;
mod run;
mod rundir;
mod sample;
mod sizes;
mod step;
mod timing;

pub use assemble::Trained;
pub use config::TrainConfig;
pub use cost::{direct_flops, iteration_cost, step_flops};
pub use error::{Error, Result};
pub use event::{Control, Event, Observer};
pub use first_input::{Example, FirstInput, Noise, fixed_stream};
pub use format::Format;
pub use guard::{Collapse, GuardKind};
pub use log::{EVENTS, LogLengths, TENSORBOARD};
pub use losses::Losses;
pub use noise::{draw_noise, penalty_alphas};
pub use optimizer::Adam;
pub use run::{Outcome, Pace, train};
pub use rundir::{FORMAT, Label, Run, RunInfo, picture, tensor};
pub use sample::{Sampling, draw, reconstruct};
pub use sizes::{LONGEST, MOST_PIXELS, Target, output_sizes};
pub use step::{StageInputs, calibrate, optimizers, prepare, step};
#[cfg(feature = "cuda")]
pub use timing::profile_stage;
pub use timing::{median, time_stage};
