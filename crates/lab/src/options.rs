//! How figures are computed here.

use std::num::NonZeroUsize;

/// With as many threads as the kernels have been told to use.
pub(crate) fn options() -> metrics::Options {
    metrics::Options { threads: NonZeroUsize::new(kernels::threads()), ..metrics::Options::default() }
}
