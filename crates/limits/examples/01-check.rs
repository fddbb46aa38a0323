//! Checks two settings and prints what is wrong with them: `cargo run -p limits --example 01-check -- STAGES
//! RATE`.

#![allow(clippy::print_stdout)] // An example prints its results.

use limits::{OutOfRange, above_zero, within};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let stages = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(6);
    let rate = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(5e-4);
    match check(stages, rate) {
        Ok(()) => println!("{stages} stages at a rate of {rate} can be trained"),
        // A program can use the fields to word the message itself.
        Err(OutOfRange { name, value, expected }) => println!("--{name} {value} is not {expected}"),
    }
}

fn check(stages: usize, rate: f64) -> Result<(), OutOfRange> {
    within("stages", stages, 1..=32)?;
    above_zero("rate", rate, 1.0)
}
