//! The precision of products on a GPU.

/// The precision of the factors in the convolutions of a GPU. The CPU always computes in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// Factors are rounded to 10 bits of mantissa, for the tensor cores; sums are in f32. This is PyTorch's
    /// default for convolutions.
    #[default]
    Tf32,
    /// Factors and sums are in f32.
    F32,
}

impl Precision {
    /// The name in configuration files: `tf32` or `f32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tf32 => "tf32",
            Self::F32 => "f32",
        }
    }

    /// The precision with this name; `None` for an unknown name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Tf32, Self::F32].into_iter().find(|p| p.name() == name)
    }
}
