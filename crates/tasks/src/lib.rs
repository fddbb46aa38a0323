//! What people do with a single-image GAN: presets to train with, sampling at any size.
//!
//! Nothing here draws progress or reads a command line; the `consingan` program does both on top of it.

mod animation;
mod auto;
mod dehaze;
mod draws;
mod editing;
mod error;
mod evaluate;
mod figures;
mod frames;
mod frechet;
mod harmonization;
mod import;
mod paint;
mod painting;
mod palette;
mod pixels;
mod preset;
mod report;
mod retouch;
mod sample;
mod sifid;
mod sizes;
mod task;
pub mod trial;
mod upscale;

pub use animation::{AnimateRequest, Animation, End};
pub use auto::fit_to_time;
pub use dehaze::{Airlight, Dehazed, Dehazing, DehazingRow, Method, dehaze, evaluate_dehazing, haze};
pub use error::{Error, Result};
pub use evaluate::{Quality, evaluate_folder, evaluate_run};
pub use frames::{FrameFormat, write_frames};
pub use import::import;
pub use paint::{PaintRequest, Painter};
pub use preset::Preset;
pub use report::{ReportRequest, duration, report, write_report};
pub use retouch::{
    RetouchCase, RetouchFigures, RetouchRequest, RetouchTrial, Retouched, Transfer, fine_tune,
    fine_tune_niter, retouch, try_editing, try_harmonization,
};
pub use sample::{Format, SampleRequest, Sampler};
pub use sifid::{Features, Inception};
pub use sizes::{Target, output_sizes};
pub use task::{Task, first_input};
pub use upscale::{
    Enlarger, Likeness, UPSCALING, UpscaleMode, UpscaleSettings, UpscalingRow, check_upscale,
    evaluate_upscaling, upscale_with_run, upscaling_run,
};
