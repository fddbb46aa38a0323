//! A first, simple version for every shape.

use std::mem::MaybeUninit;
use std::sync::Mutex;

use super::pool::parallel_for;
use super::{ConvShape, Epilogue, Filter};

pub(crate) fn conv(
    s: &ConvShape,
    x: &[f32],
    filter: Filter<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [MaybeUninit<f32>],
) {
    // Weights as k x k x ci x co.
    let mut packed = vec![0.0; s.weight_len()];
    for ky in 0..s.k {
        for kx in 0..s.k {
            for i in 0..s.ci {
                for o in 0..s.co {
                    packed[((ky * s.k + kx) * s.ci + i) * s.co + o] = match filter {
                        Filter::Forward(w) => w[((o * s.ci + i) * s.k + ky) * s.k + kx],
                        Filter::Transposed(w) => {
                            w[((i * s.co + o) * s.k + s.k - 1 - ky) * s.k + s.k - 1 - kx]
                        }
                    };
                }
            }
        }
    }
    let (oh, ow) = (s.out_h(), s.out_w());
    let rows: Vec<Mutex<&mut [MaybeUninit<f32>]>> = y.chunks_mut(ow * s.co).map(Mutex::new).collect();
    parallel_for(s.n * oh, |row, _| {
        let (n, oy) = (row / oh, row % oh);
        let mut sums = vec![0.0_f32; ow * s.co];
        for ky in 0..s.k {
            let Some(iy) = (oy + ky).checked_sub(s.pad).filter(|&iy| iy < s.h) else { continue };
            for ox in 0..ow {
                let sums = &mut sums[ox * s.co..][..s.co];
                for kx in 0..s.k {
                    let Some(ix) = (ox + kx).checked_sub(s.pad).filter(|&ix| ix < s.w) else { continue };
                    let input = &x[((n * s.h + iy) * s.w + ix) * s.ci..][..s.ci];
                    let weights = &packed[(ky * s.k + kx) * s.ci * s.co..][..s.ci * s.co];
                    for (value, weights) in input.iter().zip(weights.chunks_exact(s.co)) {
                        for (sum, weight) in sums.iter_mut().zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
            }
        }
        let mut out = rows[row].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (at, (out, &sum)) in out.iter_mut().zip(&sums).enumerate() {
            out.write(match epilogue {
                Epilogue::None => sum,
                Epilogue::Bias { bias, slope } => {
                    let sum = sum + bias[at % s.co];
                    if sum > 0.0 { sum } else { sum * slope.unwrap_or(1.0) }
                }
                Epilogue::Mask { by, slope } => {
                    if by[row * ow * s.co + at] > 0.0 {
                        sum
                    } else {
                        sum * slope
                    }
                }
            });
        }
    });
}

pub(crate) fn weight_grad(s: &ConvShape, x: &[f32], gy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
    let (oh, ow) = (s.out_h(), s.out_w());
    if let Some(db) = db {
        db.fill(0.0);
        for row in gy.chunks_exact(s.co) {
            for (sum, value) in db.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
    let parts: Vec<Mutex<Vec<f32>>> = (0..s.k * s.k).map(|_| Mutex::new(vec![0.0; s.ci * s.co])).collect();
    parallel_for(s.k * s.k, |tap, _| {
        let (ky, kx) = (tap / s.k, tap % s.k);
        let mut part = parts[tap].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for n in 0..s.n {
            for oy in 0..oh {
                let Some(iy) = (oy + ky).checked_sub(s.pad).filter(|&iy| iy < s.h) else { continue };
                for ox in 0..ow {
                    let Some(ix) = (ox + kx).checked_sub(s.pad).filter(|&ix| ix < s.w) else { continue };
                    let input = &x[((n * s.h + iy) * s.w + ix) * s.ci..][..s.ci];
                    let grad = &gy[((n * oh + oy) * ow + ox) * s.co..][..s.co];
                    for (value, sums) in input.iter().zip(part.chunks_exact_mut(s.co)) {
                        for (sum, grad) in sums.iter_mut().zip(grad) {
                            *sum += value * grad;
                        }
                    }
                }
            }
        }
    });
    for (tap, part) in parts.iter().enumerate() {
        let part = part.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (at, &sum) in part.iter().enumerate() {
            let (i, o) = (at / s.co, at % s.co);
            dw[(o * s.ci + i) * s.k * s.k + tap] = sum;
        }
    }
}
