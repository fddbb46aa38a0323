//! Tests of the crate from outside, in one binary.
// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod files;
mod formats;
mod golden;
mod resize;
mod schedule;
mod sheets;
