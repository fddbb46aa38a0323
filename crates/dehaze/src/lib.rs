#![doc = include_str!("../README.md")]

mod airlight;
mod contrast;
mod dark_channel;
mod dehaze;
mod error;
mod maps;
mod network;
mod physics;
mod prior;
mod request;
mod scene;

pub use dehaze::{Dehazed, dehaze};
pub use error::{Error, Result};
pub use physics::{Airlight, haze};
pub use request::{DehazeRequest, Method};
