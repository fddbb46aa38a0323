//! How exactly cards multiply.

use std::sync::atomic::{AtomicBool, Ordering};

/// What a card's convolutions do with their factors. The CPU always computes in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// Rounded to 10 bits of mantissa, for the tensor cores; sums in f32. As PyTorch does by default.
    #[default]
    Tf32,
    /// f32 throughout.
    F32,
}

impl Precision {
    /// As it is written in settings: `tf32` or `f32`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Tf32 => "tf32",
            Precision::F32 => "f32",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Precision::Tf32, Precision::F32].into_iter().find(|p| p.name() == name)
    }
}

static EXACT: AtomicBool = AtomicBool::new(false);

/// Sets the precision for all of the process, from the next operation on.
pub fn set_precision(precision: Precision) {
    EXACT.store(precision == Precision::F32, Ordering::Relaxed);
}

/// The precision in force.
pub fn precision() -> Precision {
    if EXACT.load(Ordering::Relaxed) { Precision::F32 } else { Precision::Tf32 }
}
