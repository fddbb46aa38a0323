//! The program from outside, and the crates together.

#![allow(clippy::unwrap_used)] // what fails here fails a test

mod commands;
mod config;
mod damaged;
mod golden;
mod inputs;
mod pictures;
mod resume;
mod sample;
mod signals;
mod streams;
mod train;
mod upscale;
