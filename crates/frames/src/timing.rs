//! How long each frame is shown.

/// How long frame `index` is shown, in units of 1/`unit` seconds. The end of each frame is rounded, not its
/// length, so that rounding errors do not add up.
pub(crate) fn delay(index: usize, fps: f64, unit: f64) -> u32 {
    let end = |frames: usize| (frames as f64 * unit / fps).round();
    (end(index + 1) - end(index)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_add_up_to_the_whole_time() {
        for (fps, unit) in [(12.0, 100.0), (60.0, 1000.0), (0.1, 100.0), (7.3, 1000.0)] {
            let sum: u32 = (0..500).map(|index| delay(index, fps, unit)).sum();
            assert_eq!(f64::from(sum), (500.0 * unit / fps).round());
        }
    }
}
