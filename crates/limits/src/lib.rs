#![doc = include_str!("../README.md")]

use std::fmt::Display;
use std::ops::RangeInclusive;

/// A value is outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}, it must be {expected}")]
pub struct OutOfRange {
    /// The parameter, spelled as in configuration files: words joined by hyphens.
    pub name: &'static str,
    /// What it was.
    pub value: String,
    /// What it may be, such as "between 1 and 32".
    pub expected: String,
}

impl OutOfRange {
    /// The error for a range that [`within`] and [`above_zero`] do not know. `expected` goes on from "it must
    /// be".
    pub fn new(name: &'static str, value: impl Display, expected: impl Into<String>) -> Self {
        Self { name, value: value.to_string(), expected: expected.into() }
    }
}

/// Checks that `value` lies within `range`, both ends included.
///
/// # Errors
/// [`OutOfRange`] where it does not; a NaN never does.
pub fn within<T: PartialOrd + Display>(
    name: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), OutOfRange> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(OutOfRange::new(name, value, format!("between {} and {}", range.start(), range.end())))
}

/// Checks that `value` is above 0 and at most `most`, as rates and factors must be.
///
/// # Errors
/// [`OutOfRange`] where it is not; a NaN never is.
pub fn above_zero(name: &'static str, value: f64, most: f64) -> Result<(), OutOfRange> {
    if value > 0.0 && value <= most {
        return Ok(());
    }
    Err(OutOfRange::new(name, value, format!("above 0 and at most {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_a_range_and_nothing_else_does() {
        for value in [1, 7, 32] {
            assert_eq!(within("train-stages", value, 1..=32), Ok(()));
        }
        let error = within("train-stages", 33, 1..=32).expect_err("33 is too many");
        assert_eq!(error.to_string(), "train-stages is 33, it must be between 1 and 32");
        assert!(within("alpha", f64::NAN, 0.0..=1.0).is_err());
    }

    #[test]
    fn zero_is_not_above_zero() {
        assert_eq!(above_zero("lr-scale", 1.0, 1.0), Ok(()));
        for value in [0.0, -0.0, -1.0, 1.1, f64::NAN, f64::INFINITY] {
            let error = above_zero("lr-scale", value, 1.0).expect_err("not in the range");
            assert_eq!(error.expected, "above 0 and at most 1");
        }
    }
}
