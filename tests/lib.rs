//! Helpers of the integration tests: the program itself, pictures to feed it, and what it leaves on disk.

mod disk;
mod pictures;
mod program;

pub use disk::{Json, files, json, json_lines, names};
pub use pictures::{asset, colourful, encode, oriented_jpeg, picture};
pub use program::{Program, TINY, Told, program, refused, succeeds, tell, tiny_run};
