#![doc = include_str!("../README.md")]

mod chart;
mod duration;
mod error;
mod facts;
mod figures;
mod html;
mod losses;
mod page;
mod stages;

pub use duration::duration;
pub use error::{Error, Result};
pub use page::{ReportRequest, report, write_report};
