//! The two kinds of enlargement.

/// The aim of an enlargement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpscaleMode {
    /// Closeness to the true pixels.
    #[default]
    Fidelity,
    /// The look of a picture of that size, with invented detail.
    Perceptual,
}
