//! The two kinds of enlargement.

/// What an enlargement should be like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpscaleMode {
    /// Near to the true pixels.
    #[default]
    Fidelity,
    /// Like a picture of that size, with detail that is made up.
    Perceptual,
}
