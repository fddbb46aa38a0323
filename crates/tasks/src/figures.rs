//! How figures are computed here.

use std::num::NonZeroUsize;

/// With as many threads as the kernels have been told to use.
pub(crate) fn options() -> metrics::Options {
    metrics::Options { threads: NonZeroUsize::new(kernels::threads()), ..metrics::Options::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `report --threads 1` once took all cores.
    #[test]
    fn regression_figures_keep_to_the_number_of_threads() {
        kernels::set_threads(3);
        let threads = options().threads;
        kernels::set_threads(0);
        assert_eq!(threads, NonZeroUsize::new(3));
        assert_eq!(options().threads.map(NonZeroUsize::get), Some(kernels::threads()));
    }
}
