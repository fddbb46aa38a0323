//! ConSinGAN's networks on candle: the growing [`Generator`] and the [`Discriminator`], with written-out backward passes.
//!
//! Hinz, Fisher, Wang and Wermter, "Improved Techniques for Training Single-Image GANs", WACV 2021. Pictures and
//! features are `[N, H, W, C]` (channels last), parameters have PyTorch's names and layout, and every random number is a
//! function of a [`kernels::Stream`]. This crate knows no files but its weights, no task and no global random state.

mod block;
mod config;
mod discriminator;
mod error;
mod generator;
mod init;
mod tiled;
pub mod weights;

pub use config::{ActivationKind, Border, NetConfig};
pub use discriminator::{CriticStep, Discriminator};
pub use error::{Error, Result};
pub use generator::{Generator, GeneratorTape, Inputs};
