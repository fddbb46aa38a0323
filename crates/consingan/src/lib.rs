#![doc = include_str!("../README.md")]

mod animation;
mod device;
mod enlarging;
mod error;
mod options;
mod retouching;
mod run;
mod sampling;
mod scoring;
mod source;
mod training;

pub use animation::Animation;
pub use device::{any_device, gpu};
pub use enlarging::{Enlarger, dehaze, upscale, upscaling_run};
pub use error::{Error, Result};
pub use options::Options;
pub use retouching::FineTuneRequest;
pub use run::{Parameters, Run, import, open};
pub use sampling::{Drawn, Painter, Sampler, Written};
pub use scoring::evaluate_folder;
pub use source::{Source, stack};
pub use training::{Estimate, create, estimate, resume, train};

// Requests and results.
pub use dehaze::{DehazeRequest, Dehazed, Method};
pub use frames::Format as FrameFormat;
pub use kernels::Wrap;
pub use pyramid::{
    Depth, Encoding, LeftOut, Loaded, Palette, Picture, Reading, Size, contact_sheet, load, load_with,
};
pub use report::{ReportRequest, duration};
pub use sifid::Inception;
pub use tasks::{
    Alignment, AnimateRequest, End, EvaluateRequest, Finding, FolderQuality, Kept, MaskReading, PaintRequest,
    Quality, RetouchRequest, Retouched, SampleRequest,
};
pub use train::{Format, Given, GivenKind, Map, MapKind, Output, Target, Transfer};
pub use upscale::{UpscaleMode, UpscaleRequest, check_upscale};

// Settings of a training run, and information about a run.
pub use kernels::Precision;
pub use model::{ActivationKind, Border};
pub use pyramid::Spacing;
pub use tasks::{PRESETS, fit_min_size, fit_to_time, settings};
pub use train::{
    Collapse, GuardKind, Losses, Outcome, Preset, RetouchConfig, RunInfo, Task, TrainConfig, calmer_settings,
    iteration_cost, step_memory,
};

// Devices, threads and observers.
pub use candle_core::Device;
pub use files::{Kind, Place, free_name};
pub use kernels::{set_threads, threads};
pub use train::{Control, Event, Observer, Silent, Stopped, Work};
