//! Pictures and the pyramid of training stages of ConSinGAN.
//!
//! [`load`] reads a picture file into a [`Picture`], a [`Schedule`] determines the size of each training
//! stage, and [`pyramid()`] makes the training pictures, coarsest first. They are resized by [`imresize`],
//! the MATLAB-style cubic resize. [`contact_sheet`] and [`pyramid_sheet`] arrange several pictures on one.
//! The crate does not depend on tensors or networks.
//!
//! ```no_run
//! use pyramid::{Schedule, load, pyramid, pyramid_sheet};
//!
//! # fn main() -> Result<(), pyramid::Error> {
//! let picture = load("photo.jpg".as_ref())?;
//! let stages = pyramid(&picture, &Schedule::default(), 11)?;
//! pyramid_sheet(&stages).save_png("pyramid.png")?;
//! # Ok(())
//! # }
//! ```

mod complete;
mod error;
mod imresize;
mod jpeg;
mod load;
mod picture;
mod schedule;
mod sheet;

pub use error::Error;
pub use imresize::{Target, imresize};
pub use load::{MAX_FILE_BYTES, MAX_PIXELS, decode, load};
pub use picture::{Picture, Size};
pub use schedule::{Schedule, Spacing, pyramid};
pub use sheet::{contact_sheet, pyramid_sheet};
