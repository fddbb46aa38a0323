#![doc = include_str!("../README.md")]

mod alpha;
mod complete;
mod decode;
mod encode;
mod encoding;
mod error;
mod imresize;
mod jpeg;
mod load;
mod palette;
mod picture;
mod schedule;
mod sheet;

pub use decode::LeftOut;
pub use encode::{FileFormat, MOST_WHOLE, RowFile, RowSink, Shrunk};
pub use encoding::{Depth, Encoding};
pub use error::Error;
pub use imresize::{RowsOf, Target, imresize};
pub use load::{Loaded, MAX_FILE_BYTES, MAX_PIXELS, Reading, decode, load, load_with};
pub use palette::Palette;
pub use picture::{MAX_CHANNELS, Picture, Size};
pub use schedule::{Schedule, Spacing, pyramid};
pub use sheet::{contact_sheet, pyramid_sheet};
