#![doc = include_str!("../README.md")]

mod error;
mod names;
mod whole;

pub use error::{Error, Result};
pub use names::{check_free, check_free_file, claim_directory, free_file, free_name};
pub use whole::{make_directory, remove_temporaries, write, write_with};
