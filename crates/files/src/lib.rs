#![doc = include_str!("../README.md")]

mod error;
mod names;
mod place;
mod read;
mod temporary;
mod whole;

pub use error::{Error, Result};
pub use names::{check_free, check_free_file, free_name};
pub use place::{Kind, Place};
pub use read::{open, read, read_to_string};
pub use temporary::remove_temporaries;
pub use whole::{make_directory, sync_directory, write, write_synced, write_with};
