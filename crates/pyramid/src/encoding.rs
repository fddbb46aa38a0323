//! How the numbers of a file stand for the values of a [`crate::Picture`].

use crate::picture::from_unit;

/// The precision of a file's samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// At most 8 bits.
    #[default]
    Eight,
    /// 9 to 16 bits.
    Sixteen,
    /// Floats, and integers of 32 bits.
    Float,
}

/// The range of a file's samples, so that results can be written with the same numbers.
///
/// Samples are counted in units of full scale: 255 of 8 bits and 65535 of 16 bits are 1, floats stand for themselves.
/// `low` becomes -1 in the picture and `high` becomes 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// The precision.
    pub depth: Depth,
    /// The sample that becomes -1.
    pub low: f64,
    /// The sample that becomes 1, above `low`.
    pub high: f64,
    /// Where brightness has a logarithmic scale, the distance above `low` up to which it is about linear.
    pub knee: Option<f64>,
}

impl Default for Encoding {
    /// 8 bits of full range.
    fn default() -> Self {
        Self::full(Depth::Eight)
    }
}

impl Encoding {
    /// The usual range, 0 to 1, which keeps the meaning of every sample.
    pub fn full(depth: Depth) -> Self {
        Self { depth, low: 0.0, high: 1.0, knee: None }
    }

    /// Whether the range is the usual one, so that results can be written with any precision.
    pub fn is_full(&self) -> bool {
        (self.low, self.high, self.knee) == (0.0, 1.0, None)
    }

    /// The encoding of samples between `low` and `high`, in units of full scale.
    ///
    /// Those of 8 bits, and of other files that use at least half of the usual range and do not exceed it, have the
    /// full range. Others are stretched: a 12-bit picture in a file of 16 bits, a height map, a float picture beyond
    /// 1.
    pub(crate) fn of_range(depth: Depth, low: f64, high: f64) -> Self {
        // Resampling and rounding in an editor may exceed the range a little.
        let usual = low >= -0.01 && high <= 1.01;
        if depth == Depth::Eight || high <= low || (usual && high - low >= 0.5) {
            return Self::full(depth);
        }
        Self { depth, low, high, knee: None }
    }

    /// The encoding for colours beyond 1 with this median: where the brightest are far above it, as the sun is in a
    /// picture of high dynamic range, brightness gets a logarithmic scale, or most of the picture would be black.
    pub(crate) fn with_knee(self, median: f64) -> Self {
        let bright = self.depth == Depth::Float && self.high > 1.01 && self.low >= -0.01;
        let knee =
            (bright && median > 0.0 && self.high > 8.0 * median).then_some(median.max(self.high * 1e-6));
        Self { knee, ..self }
    }

    /// How a file of this precision is to be read so that its samples mean what they mean here: in the same range if
    /// it can hold that, else stretched, as [`crate::Picture::to_file`] writes it.
    pub(crate) fn of_file(&self, depth: Depth) -> Self {
        if depth >= self.depth { Self { depth, ..*self } } else { Self::full(depth) }
    }

    /// The value in [-1, 1] of a sample; what lies outside the range is clamped.
    pub(crate) fn value(&self, sample: f64) -> f32 {
        if self.is_full() {
            return from_unit(sample).clamp(-1.0, 1.0);
        }
        let share = match self.knee {
            None => (sample - self.low) / (self.high - self.low),
            Some(knee) => {
                ((sample - self.low).max(0.0) / knee).ln_1p() / ((self.high - self.low) / knee).ln_1p()
            }
        };
        from_unit(share.clamp(0.0, 1.0))
    }

    /// The sample that a value in [-1, 1] stands for: the inverse of reading.
    pub(crate) fn sample(&self, value: f32) -> f64 {
        let share = (f64::from(value) + 1.0) / 2.0;
        if self.is_full() {
            return share;
        }
        match self.knee {
            None => self.low + share * (self.high - self.low),
            Some(knee) => self.low + knee * (share * ((self.high - self.low) / knee).ln_1p()).exp_m1(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back() {
        let knees = [None, Some(0.3)];
        for (low, high, knee) in
            knees.iter().flat_map(|&k| [(0.0, 1.0, k), (0.0, 0.0625, k), (-3.0, 250.0, k)])
        {
            let encoding = Encoding { depth: Depth::Float, low, high, knee };
            for step in 0..=100 {
                let sample = low + (high - low) * f64::from(step) / 100.0;
                let back = encoding.sample(encoding.value(sample));
                assert!((back - sample).abs() <= 2e-6 * (high - low), "{encoding:?}: {sample} became {back}");
            }
        }
    }

    #[test]
    fn what_uses_little_of_its_range_is_stretched() {
        assert!(Encoding::of_range(Depth::Eight, 0.1, 0.2).is_full());
        assert!(Encoding::of_range(Depth::Sixteen, 0.0, 0.9).is_full());
        assert!(Encoding::of_range(Depth::Float, -0.005, 1.005).is_full());
        assert!(Encoding::of_range(Depth::Float, 0.3, 0.3).is_full());
        assert!(!Encoding::of_range(Depth::Sixteen, 0.0, 4095.0 / 65535.0).is_full());
        assert!(!Encoding::of_range(Depth::Float, 0.0, 12.0).is_full());
    }
}
