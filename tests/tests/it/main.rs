//! The program from outside, and the crates together.

#![allow(clippy::unwrap_used)] // what fails here fails a test

mod animate;
mod blank;
mod claims;
mod commands;
mod config;
mod damaged;
mod dehaze;
mod depth;
mod fine_tune;
mod format_1;
mod front_door;
mod golden;
mod import;
mod inputs;
mod layout;
mod maps;
mod official;
mod palette;
mod pictures;
mod printed;
mod quiet;
mod resume;
mod retouch;
mod safety;
mod sample;
mod signals;
mod streams;
mod train;
mod upscale;
