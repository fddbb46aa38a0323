//! Tests of the public interface, in one binary.
// The helper functions of tests may call unwrap, like the tests themselves.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod files;
mod formats;
mod golden;
mod resize;
mod schedule;
mod sheets;
