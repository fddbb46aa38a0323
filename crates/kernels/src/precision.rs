//! How exactly a GPU multiplies.

/// What a GPU's convolutions do with their factors. The CPU always computes in f32.
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
            Self::Tf32 => "tf32",
            Self::F32 => "f32",
        }
    }

    /// The precision of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Tf32, Self::F32].into_iter().find(|p| p.name() == name)
    }
}
