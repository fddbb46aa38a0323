#![doc = include_str!("../README.md")]
//! # Modules
//!
//! [`evaluate`] computes all figures of a set of samples; [`Evaluation`] does so one sample at a time. Each
//! figure can also be computed alone: [`patch_swd`], [`match_patches`] (realism, completeness, copy rate,
//! coverage), [`pixel_diversity`], [`psnr`], [`ssim`], [`colour_error`].

mod diversity;
mod error;
mod fidelity;
mod nearest;
mod parallel;
mod patches;
mod picture;
mod report;
mod swd;

pub use diversity::pixel_diversity;
pub use error::Error;
pub use fidelity::{colour_error, psnr, ssim};
pub use nearest::{EXACT_PAIRS, Matches, Search, match_patches};
pub use patches::{Grid, PATCH, STRIDE};
pub use picture::from_u8;
pub use report::{Evaluation, Options, Reference, Report, SampleReport, evaluate};
pub use swd::{patch_swd, patch_swd_along};
