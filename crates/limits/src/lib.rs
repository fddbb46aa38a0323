#![doc = include_str!("../README.md")]

use std::fmt::Display;
use std::ops::RangeInclusive;

/// The error for a value outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}, it must be {expected}")]
pub struct OutOfRange {
    /// The name of the parameter as in configuration files, with hyphens between its words.
    pub name: &'static str,
    /// The value that was given.
    pub value: String,
    /// The values allowed, such as "between 1 and 32".
    pub expected: String,
}

impl OutOfRange {
    /// The error for a kind of range that neither [`within`] nor [`above_zero`] checks. `expected` completes
    /// the sentence "it must be ...".
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

/// Checks that `value` is above 0 and at most `most`, as is required of rates and factors.
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
    fn a_range_includes_both_ends() {
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
