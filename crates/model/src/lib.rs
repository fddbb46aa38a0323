#![doc = include_str!("../README.md")]

mod block;
mod config;
mod discriminator;
mod error;
pub mod first_weights;
mod generator;
mod parameter;
mod strips;
mod tiled;
pub mod weights;

pub use config::{ActivationKind, Border, NetConfig};
pub use discriminator::{CriticStep, Discriminator};
pub use error::{Error, Result};
pub use generator::{Generator, GeneratorTape, Inputs};
pub use strips::{Enlarge, FeatureStrips, NoiseRows, StripInputs, Strips};
