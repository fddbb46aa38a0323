//! The positions and weights of a bicubic resize: cubic convolution with A = -0.75, four taps along each
//! axis.

use std::ops::Range;

/// Four source positions and their weights for one position of the result.
pub struct Taps {
    /// Source positions.
    pub at: [usize; 4],
    /// Their weights.
    pub weight: [f32; 4],
}

/// The taps of each of the `n_out` positions along an axis that is resized from `n_in` to `n_out` pixels,
/// computed in f64. `wrapped` means that the axis is periodic.
pub fn taps(n_in: usize, n_out: usize, wrapped: bool) -> Vec<Taps> {
    const A: f64 = -0.75;
    let near = |t: f64| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
    let far = |t: f64| ((A * t - 5.0 * A) * t + 8.0 * A) * t - 4.0 * A;
    let one = |i: usize| {
        let position = position(n_in, n_out, wrapped, i);
        let floor = position.floor();
        let t = position - floor;
        let at = |k: i64| match (floor as i64 + k, n_in as i64) {
            (at, n) if wrapped => at.rem_euclid(n) as usize,
            (at, n) => at.clamp(0, n - 1) as usize,
        };
        Taps {
            at: [at(-1), at(0), at(1), at(2)],
            weight: [far(t + 1.0) as f32, near(t) as f32, near(1.0 - t) as f32, far(2.0 - t) as f32],
        }
    };
    (0..n_out).map(one).collect()
}

/// The source positions that the positions `outputs` of the result depend on, at most `n_in` of them. Along a periodic axis
/// they may lie before 0 and beyond the end.
pub fn span(n_in: usize, n_out: usize, wrapped: bool, outputs: Range<usize>) -> Range<i64> {
    if outputs.is_empty() {
        return 0..0;
    }
    let floor = |i: usize| position(n_in, n_out, wrapped, i).floor() as i64;
    let (first, end) = (floor(outputs.start) - 1, floor(outputs.end - 1) + 3);
    match n_in as i64 {
        n if !wrapped => first.clamp(0, n - 1)..end.clamp(1, n),
        n if end - first >= n => 0..n,
        _ => first..end,
    }
}

/// The source position of position `i` of the result.
fn position(n_in: usize, n_out: usize, wrapped: bool, i: usize) -> f64 {
    let scale = match n_out {
        _ if wrapped => n_in as f64 / n_out as f64,
        1 => 0.0,
        _ => (n_in - 1) as f64 / (n_out - 1) as f64,
    };
    // Along a periodic axis the pixel centres of both grids are spread evenly over the period.
    if wrapped { (i as f64 + 0.5) * scale - 0.5 } else { i as f64 * scale }
}

/// For each of the `n_in` source positions, the positions of the result to which it contributes, in order,
/// with their weights.
pub fn transposed(taps: &[Taps], n_in: usize) -> Vec<Vec<(usize, f32)>> {
    let mut lists = vec![Vec::new(); n_in];
    for (i, t) in taps.iter().enumerate() {
        for (&at, &weight) in t.at.iter().zip(&t.weight) {
            lists[at].push((i, weight));
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_all_that_the_taps_read() {
        for (n_in, n_out, wrapped) in [
            (6, 9, false),
            (6, 9, true),
            (40, 52, false),
            (40, 52, true),
            (5, 1, false),
            (1, 7, true),
            (30, 12, true),
        ] {
            let taps = taps(n_in, n_out, wrapped);
            for start in 0..n_out {
                for end in start + 1..=n_out {
                    let span = span(n_in, n_out, wrapped, start..end);
                    assert!(span.end - span.start <= n_in as i64);
                    let inside = |at: usize| {
                        let offset = (at as i64 - span.start).rem_euclid(n_in as i64);
                        offset < span.end - span.start
                    };
                    assert!(taps[start..end].iter().all(|t| t.at.iter().all(|&at| inside(at))), "{span:?}");
                }
            }
        }
    }

    #[test]
    fn a_wrapped_axis_has_no_ends() {
        let (n_in, n_out) = (6, 9);
        let taps = taps(n_in, n_out, true);
        // Three positions of the result cover two of the input, so the pattern repeats with that shift.
        for i in 0..n_out {
            let (one, other) = (&taps[i], &taps[(i + 3) % n_out]);
            assert_eq!(one.at.map(|at| (at + 2) % n_in), other.at);
            for (a, b) in one.weight.iter().zip(other.weight) {
                assert!((a - b).abs() < 1e-6);
            }
        }
        // The centre of the first result lies a sixth of a pixel before that of the first source.
        assert_eq!(taps[0].at, [4, 5, 0, 1]);
        assert!(taps[0].weight[2] > 0.85 && (taps[0].weight.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
