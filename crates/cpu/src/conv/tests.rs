//! Compares every path with a plain sum in f64.

use super::*;
use crate::path::Path;
use crate::pool::set_threads;
use proptest::prelude::*;

/// Pseudorandom numbers that depend on the seed only.
fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    // A sum of three uniform numbers is closer to a normal distribution than a single one.
    (0..len).map(|_| next() + next() + next()).collect()
}

/// Calls `f(output, input, weight, tap)` with the indices of every product of the convolution; weights are
/// OIHW.
fn products(s: &ConvShape, mut f: impl FnMut(usize, usize, usize)) {
    let (oh, ow) = (s.out_h(), s.out_w());
    for n in 0..s.n {
        for (oy, ox) in (0..oh * ow).map(|at| (at / ow, at % ow)) {
            for (ky, kx) in (0..s.k * s.k).map(|at| (at / s.k, at % s.k)) {
                let (Some(y), Some(x)) = ((oy + ky).checked_sub(s.pad), (ox + kx).checked_sub(s.pad)) else {
                    continue;
                };
                if y >= s.h || x >= s.w {
                    continue;
                }
                for o in 0..s.co {
                    for i in 0..s.ci {
                        f(
                            ((n * oh + oy) * ow + ox) * s.co + o,
                            ((n * s.h + y) * s.w + x) * s.ci + i,
                            ((o * s.ci + i) * s.k + ky) * s.k + kx,
                        );
                    }
                }
            }
        }
    }
}

/// The weights of the convolution that [`Filter::Transposed`] of `weights` (`ci x co`) means, as OIHW.
fn transposed(s: &ConvShape, weights: &[f32]) -> Vec<f32> {
    let taps = s.k * s.k;
    let mut result = vec![0.0; weights.len()];
    for (o, i, tap) in (0..s.co).flat_map(|o| (0..s.ci).flat_map(move |i| (0..taps).map(move |t| (o, i, t))))
    {
        result[(o * s.ci + i) * taps + tap] = weights[(i * s.co + o) * taps + taps - 1 - tap];
    }
    result
}

fn naive_conv(s: &ConvShape, x: &[f32], weights: &[f32], epilogue: Epilogue<'_>) -> Vec<f64> {
    let mut y = vec![0.0_f64; s.output_len()];
    products(s, |o, i, w| y[o] += f64::from(x[i]) * f64::from(weights[w]));
    for (at, value) in y.iter_mut().enumerate() {
        match epilogue {
            Epilogue::None => {}
            Epilogue::Bias { bias, slope } => {
                *value += f64::from(bias[at % s.co]);
                *value *= if *value > 0.0 { 1.0 } else { f64::from(slope.unwrap_or(1.0)) };
            }
            Epilogue::Mask { by, slope } => *value *= if by[at] > 0.0 { 1.0 } else { f64::from(slope) },
        }
    }
    y
}

fn run_conv(path: Path, s: &ConvShape, x: &[f32], filter: Filter<'_>, epilogue: Epilogue<'_>) -> Vec<f32> {
    // Filled with NaN, which reveals values that are not written, and aligned, so that large results are
    // streamed.
    let mut y = vec![MaybeUninit::new(f32::NAN); s.output_len() + 16];
    let first = y.as_ptr().align_offset(64);
    let y = &mut y[first..][..s.output_len()];
    conv_on(path, s, x, filter, epilogue, y);
    #[allow(unsafe_code)]
    // SAFETY: every element was initialised above.
    y.iter().map(|value| unsafe { value.assume_init() }).collect()
}

fn run_grad(path: Path, s: &ConvShape, x: &[f32], gy: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut dw, mut db) = (vec![f32::NAN; s.weight_len()], vec![f32::NAN; s.co]);
    weight_grad_on(path, s, x, gy, &mut dw, Some(&mut db));
    (dw, db)
}

/// The relative error in the Frobenius norm.
fn error(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let difference: f64 = actual.iter().zip(expected).map(|(&a, e)| (f64::from(a) - e).powi(2)).sum();
    let norm: f64 = expected.iter().map(|e| e * e).sum();
    if difference == 0.0 { 0.0 } else { (difference / norm).sqrt() }
}

/// The allowed relative error, which grows with the square root of the number of terms in a sum.
fn allowed(s: &ConvShape) -> f64 {
    let terms = (s.k * s.k * s.ci.max(s.co)) as f64;
    if algorithm(s) == Algorithm::Winograd { 5e-6 } else { 1e-6f64.max(4e-8 * terms.sqrt()) }
}

fn paths() -> impl Iterator<Item = Path> {
    Path::ALL.into_iter().filter(|path| path.is_supported())
}

fn check(s: &ConvShape, seed: u64) {
    let (x, w) = (noise(s.input_len(), seed), noise(s.weight_len(), seed + 1));
    let (gy, bias) = (noise(s.output_len(), seed + 2), noise(s.co, seed + 3));
    let flipped = transposed(s, &w);
    let epilogues = [
        Epilogue::None,
        Epilogue::Bias { bias: &bias, slope: None },
        Epilogue::Bias { bias: &bias, slope: Some(0.2) },
        Epilogue::Mask { by: &gy, slope: 0.05 },
    ];
    for epilogue in epilogues {
        let forward = naive_conv(s, &x, &w, epilogue);
        let backward = naive_conv(s, &x, &flipped, epilogue);
        for path in paths() {
            let e = error(&run_conv(path, s, &x, Filter::Forward(&w), epilogue), &forward);
            assert!(e <= allowed(s), "{path}: {s:?} forward: {e:e}");
            let e = error(&run_conv(path, s, &x, Filter::Transposed(&w), epilogue), &backward);
            assert!(e <= allowed(s), "{path}: {s:?} transposed: {e:e}");
        }
    }
    let (mut dw, mut db) = (vec![0.0; s.weight_len()], vec![0.0; s.co]);
    products(s, |o, i, w| dw[w] += f64::from(x[i]) * f64::from(gy[o]));
    gy.iter().enumerate().for_each(|(at, &g)| db[at % s.co] += f64::from(g));
    for path in paths() {
        let actual = run_grad(path, s, &x, &gy);
        let (e, eb) = (error(&actual.0, &dw), error(&actual.1, &db));
        assert!(e <= allowed(s), "{path}: {s:?} weight gradient: {e:e}");
        // A sum of signed numbers can be much smaller than its terms, so the error is compared with the
        // terms.
        let scale = (s.output_len() as f64 / db.iter().map(|b| b * b).sum::<f64>().max(1e-30)).sqrt();
        assert!(eb <= 1e-6 * scale.max(1.0), "{path}: {s:?} bias gradient: {eb:e}");
    }
}

fn shapes() -> impl Strategy<Value = ConvShape> {
    let channels = || prop_oneof![1..=5_usize, 6..=20_usize, Just(32), 33..=70_usize];
    (prop_oneof![Just(3_usize), Just(1), Just(3), Just(5), Just(7)], 1..=3_usize, channels(), channels())
        .prop_flat_map(|(k, n, ci, co)| {
            (0..k, 0..12_usize, 0..14_usize).prop_map(move |(pad, h, w)| ConvShape {
                n,
                h: k + h,
                w: k + w,
                ci,
                co,
                k,
                pad,
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_path_agrees_with_a_sum_in_f64(s in shapes(), seed in 1..1_000_000_u64) {
        check(&s, seed);
    }
}

#[test]
fn the_paper_s_shapes_agree_with_a_sum_in_f64() {
    for (ci, co) in [(3, 64), (64, 64), (64, 3), (64, 1)] {
        for pad in [0, 1, 2] {
            check(&ConvShape { n: 2, h: 25, w: 38, ci, co, k: 3, pad }, 7 + pad as u64);
        }
    }
}

#[test]
fn long_sums_stay_exact() {
    check(&ConvShape { n: 3, h: 60, w: 121, ci: 16, co: 24, k: 3, pad: 0 }, 11);
    check(&ConvShape { n: 1, h: 121, w: 60, ci: 3, co: 16, k: 3, pad: 1 }, 12);
}

#[test]
fn large_results_are_streamed_and_exact() {
    for (ci, co) in [(16, 32), (3, 48)] {
        let s = ConvShape { n: 2, h: 63, w: 99, ci, co, k: 3, pad: 1 };
        assert!(s.output_len() * size_of::<f32>() > STREAM_BYTES);
        check(&s, 13);
    }
}

#[test]
fn every_algorithm_is_tried() {
    let algorithms = [(64, 64, 3), (3, 64, 3), (64, 3, 3), (64, 64, 5)]
        .map(|(ci, co, k)| algorithm(&ConvShape { n: 1, h: 9, w: 9, ci, co, k, pad: 0 }));
    assert_eq!(algorithms, [Algorithm::Winograd, Algorithm::Direct, Algorithm::Dot, Algorithm::Direct]);
}

#[test]
fn threads_do_not_change_a_byte() {
    let shapes = [
        ConvShape { n: 3, h: 66, w: 95, ci: 32, co: 48, k: 3, pad: 0 },
        ConvShape { n: 2, h: 40, w: 30, ci: 3, co: 32, k: 3, pad: 2 },
        ConvShape { n: 2, h: 40, w: 30, ci: 32, co: 3, k: 3, pad: 0 },
        ConvShape { n: 1, h: 40, w: 30, ci: 9, co: 7, k: 5, pad: 2 },
    ];
    for (s, path) in shapes.iter().flat_map(|s| paths().map(move |path| (s, path))) {
        let (x, w) = (noise(s.input_len(), 1), noise(s.weight_len(), 2));
        let gy = noise(s.output_len(), 3);
        let results = [1, 2, 3, 5].map(|threads| {
            set_threads(threads);
            (run_conv(path, s, &x, Filter::Forward(&w), Epilogue::None), run_grad(path, s, &x, &gy))
        });
        assert!(results.iter().all(|result| result == &results[0]), "{path}: {s:?}");
    }
    set_threads(0);
}
