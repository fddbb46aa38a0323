#![doc = include_str!("../README.md")]

mod alignment;
mod animation;
mod auto;
mod draws;
mod editing;
mod error;
mod evaluate;
mod finding;
mod harmonization;
mod import;
mod paint;
mod preset;
mod retouch;
mod sample;
mod scores;
mod task;

pub use alignment::Alignment;
pub use animation::{AnimateRequest, Animation, End};
pub use auto::fit_to_time;
pub use draws::Draws;
pub use error::{Error, Result};
pub use evaluate::{EvaluateRequest, FolderQuality, Quality, evaluate_folder, evaluate_run, score};
pub use finding::Finding;
pub use harmonization::Recolouring;
pub use import::import;
pub use paint::{PaintRequest, Painter};
pub use preset::PRESETS;
pub use retouch::{Kept, MaskReading, RetouchRequest, Retouched, fine_tune, fine_tune_niter, retouch};
pub use sample::{SampleRequest, Sampler};
pub use task::{first_input, fit_min_size, settings};
pub use train::{Format, Preset, Target, Task, Transfer, output_sizes};
