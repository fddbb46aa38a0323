#![doc = include_str!("../README.md")]

mod alpha;
mod complete;
mod encode;
mod error;
mod imresize;
mod jpeg;
mod load;
mod palette;
mod picture;
mod schedule;
mod sheet;

pub use encode::FileFormat;
pub use error::Error;
pub use imresize::{Target, imresize};
pub use load::{MAX_FILE_BYTES, MAX_PIXELS, decode, load};
pub use palette::Palette;
pub use picture::{Picture, Size};
pub use schedule::{Schedule, Spacing, pyramid};
pub use sheet::{contact_sheet, pyramid_sheet};
