//! The sizes of all stages for a wanted output size.

use limits::OutOfRange;

/// A wanted output size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Target {
    /// That of training.
    #[default]
    Training,
    /// This height and width exactly.
    Size(usize, usize),
    /// Training's height and width times these factors, each stage rounded down as the official program has it.
    Scale(f64, f64),
}

/// Longest side of an output, pixels.
pub const LONGEST: usize = 16_384;

/// Largest number of pixels of an output, 16384x16384. Large pictures are drawn in strips.
pub const MOST_PIXELS: usize = 256 << 20;

/// The name of the output size in errors.
const NAME: &str = "the output size";

/// The sizes of the stages for `target`, given those of training. With a size the last stage is exact and the others are
/// rounded in proportion; with a scale each is `floor(size * factor)`. No side may fall below `smallest`.
///
/// # Errors
/// [`OutOfRange`] where a side or the number of pixels is outside what the network can make, or a factor
/// outside its range.
pub fn output_sizes(
    training: &[(usize, usize)],
    target: Target,
    smallest: usize,
) -> Result<Vec<(usize, usize)>, OutOfRange> {
    let Some(&(last_h, last_w)) = training.last() else { return Ok(Vec::new()) };
    let sizes: Vec<(usize, usize)> = match target {
        Target::Training => training.to_vec(),
        Target::Size(h, w) => {
            let side = |size: usize, wanted: usize, last: usize| {
                (size as f64 * wanted as f64 / last as f64).round() as usize
            };
            let mut sizes: Vec<_> =
                training.iter().map(|s| (side(s.0, h, last_h), side(s.1, w, last_w))).collect();
            sizes[training.len() - 1] = (h, w);
            sizes
        }
        Target::Scale(fh, fw) => {
            for factor in [fh, fw] {
                if !(factor > 0.0 && factor <= 1000.0) {
                    return Err(OutOfRange::new("scale", factor, "two factors above 0, at most 1000"));
                }
            }
            training.iter().map(|s| ((s.0 as f64 * fh) as usize, (s.1 as f64 * fw) as usize)).collect()
        }
    };
    let (h, w) = sizes[sizes.len() - 1];
    if h.max(w) > LONGEST || h.saturating_mul(w) > MOST_PIXELS {
        let expected = format!("at most {LONGEST} pixels a side and {} million in all", MOST_PIXELS >> 20);
        return Err(OutOfRange::new(NAME, format!("{h}x{w}"), expected));
    }
    if let Some(k) = sizes.iter().position(|s| s.0.min(s.1) < smallest) {
        let least = |last: usize, first: usize| (smallest * last).div_ceil(first.max(1));
        let (at_least_h, at_least_w) = (least(last_h, training[k].0), least(last_w, training[k].1));
        let expected = format!(
            "at least about {at_least_h}x{at_least_w}: stage {k} would have {}x{} pixels, the network needs {smallest}",
            sizes[k].0, sizes[k].1
        );
        return Err(OutOfRange::new(NAME, format!("{h}x{w}"), expected));
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAINING: [(usize, usize); 3] = [(25, 38), (60, 91), (120, 180)];

    #[test]
    fn a_size_is_exact_at_the_last_stage() -> Result<(), OutOfRange> {
        assert_eq!(output_sizes(&TRAINING, Target::Size(120, 360), 3)?, [(25, 76), (60, 182), (120, 360)]);
        assert_eq!(output_sizes(&TRAINING, Target::Training, 3)?, TRAINING);
        Ok(())
    }

    #[test]
    fn a_scale_is_rounded_down_stage_by_stage() -> Result<(), OutOfRange> {
        assert_eq!(output_sizes(&TRAINING, Target::Scale(1.5, 0.5), 3)?, [(37, 19), (90, 45), (180, 90)]);
        Ok(())
    }

    #[test]
    fn sizes_that_cannot_work_are_refused() {
        for target in [
            Target::Size(0, 10),
            Target::Size(5, 500),
            Target::Size(100_000, 100_000),
            Target::Size(usize::MAX, usize::MAX),
            Target::Scale(0.0, 1.0),
            Target::Scale(f64::NAN, 1.0),
            Target::Scale(-1.0, 1.0),
            Target::Scale(1e9, 1.0),
        ] {
            assert!(output_sizes(&TRAINING, target, 3).is_err(), "{target:?}");
        }
    }
}
