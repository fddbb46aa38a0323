//! Compares every operation on every device with the CPU: on the emulated GPU, and on a real GPU if there is
//! one.

#![cfg(any(feature = "emulate", feature = "cuda"))]
#![allow(clippy::unwrap_used)] // a test

use candle_core::{DType, Device, Result, Tensor};
use kernels::{Activation, AdamStep, AdamUpdate, Conv2d, Decay, Precision, Stream, WeightGradOf, Wrap};

type Work = dyn Fn(&Device) -> Result<Vec<Tensor>>;

/// A test case: a name, and a function that computes results on a device.
struct Case {
    name: String,
    run: Box<Work>,
}

fn case(name: impl Into<String>, run: impl Fn(&Device) -> Result<Vec<Tensor>> + 'static) -> Case {
    Case { name: name.into(), run: Box::new(run) }
}

/// Pseudorandom numbers in (-1, 1). They are computed on the CPU, so that they are equal on all devices.
fn values(shape: impl Into<candle_core::Shape>, seed: u64, device: &Device) -> Result<Tensor> {
    let shape = shape.into();
    let stream = Stream::new(seed, [7, 0, 0], 0);
    let numbers = kernels::uniform(stream, shape.elem_count()).into_iter().map(|v| (v * 2.0 - 1.0) as f32);
    Tensor::from_vec(numbers.collect(), shape, device)
}

fn convolutions(precision: Precision) -> Vec<Case> {
    let padded = move |pad| Conv2d { pad, precision };
    let mut cases = Vec::new();
    // Batch, height, width, input and output channels, kernel, padding. Sizes include multiples of four and
    // others, more and fewer channels than a tile, and pictures smaller and larger than a tile.
    for (i, (n, h, w, ci, co, k, pad)) in [
        (1, 5, 7, 3, 5, 3, 1),
        (2, 9, 8, 8, 8, 3, 0),
        (3, 11, 13, 3, 64, 3, 0),
        (1, 12, 17, 64, 3, 3, 1),
        (2, 6, 7, 64, 1, 3, 0),
        (1, 3, 3, 1, 64, 3, 2),
        (2, 9, 10, 20, 72, 3, 1),
        (1, 8, 9, 6, 10, 5, 2),
        (3, 14, 10, 32, 36, 1, 0),
        // For the special kernels of 3x3 convolutions: tiles that the picture does not fill, multiples of 32
        // channels, several tiles of channels.
        (2, 19, 21, 64, 64, 3, 0),
        (1, 9, 17, 96, 40, 3, 1),
        (1, 8, 8, 32, 32, 3, 2),
        (2, 20, 23, 68, 72, 3, 0),
        (1, 10, 70, 64, 12, 3, 0),
        (1, 70, 6, 2, 20, 3, 1),
        (1, 4, 4, 32, 1, 3, 1),
    ]
    .into_iter()
    .enumerate()
    {
        let seed = 100 * i as u64;
        let name = format!("{n}x{h}x{w}, {ci} to {co}, kernel {k}, pad {pad}");
        let out = [n, h + 2 * pad + 1 - k, w + 2 * pad + 1 - k, co];
        let operands = move |d: &Device| -> Result<[Tensor; 4]> {
            Ok([
                values((n, h, w, ci), seed, d)?,
                values((co, ci, k, k), seed + 1, d)?,
                values(co, seed + 2, d)?,
                values(out.to_vec(), seed + 3, d)?,
            ])
        };
        cases.push(case(format!("conv {name}"), move |d| {
            let [x, w, bias, by] = operands(d)?;
            Ok(vec![
                kernels::conv2d(&x, &w, Some(&bias), padded(pad), Some(0.1))?,
                kernels::conv2d(&x, &w, Some(&bias), padded(pad), None)?,
                kernels::conv2d(&x, &w, None, padded(pad), None)?,
                kernels::conv2d_masked(&x, &w, &by, padded(pad), 0.2)?,
            ])
        }));
        cases.push(case(format!("input gradient {name}"), move |d| {
            let [x, w, _, g] = operands(d)?;
            Ok(vec![
                kernels::conv2d_input_grad(&g, &w, padded(pad), None)?,
                kernels::conv2d_input_grad(&g, &w, padded(pad), Some((&x, 0.05)))?,
            ])
        }));
        cases.push(case(format!("weight gradient {name}"), move |d| {
            let [x, _, _, g] = operands(d)?;
            let (dw, db) = kernels::conv2d_weight_grad(&x, &g, k, padded(pad))?;
            Ok(vec![dw, db])
        }));
    }
    // Enough pixels for the larger tiles of 3x3 convolutions, and a multiple of 32 channels.
    for (n, h, w) in [(3, 41, 61), (3, 60, 89)] {
        cases.push(case(format!("3x3, {n}x{h}x{w}"), move |d| {
            let (x, weight) = (values((n, h, w, 64), 1, d)?, values((36, 64, 3, 3), 2, d)?);
            Ok(vec![kernels::conv2d(&x, &weight, None, padded(0), None)?])
        }));
    }
    // Enough pixels for the larger tile and for several splits of the weight gradient.
    cases.push(case("large", move |d| {
        let (x, w) = (values((2, 140, 121, 4), 1, d)?, values((12, 4, 3, 3), 2, d)?);
        let y = kernels::conv2d(&x, &w, None, padded(1), None)?;
        let (dw, db) = kernels::conv2d_weight_grad(&x, &y, 3, padded(1))?;
        Ok(vec![y, dw, db])
    }));
    // Weight gradients of two pairs with different batch sizes.
    cases.push(case("pairs", move |d| {
        let (x, g) = (values((2, 20, 21, 8), 1, d)?, values((2, 18, 19, 5), 2, d)?);
        let (x2, g2) = (values((1, 20, 21, 8), 3, d)?, values((1, 18, 19, 5), 4, d)?);
        // Several weight gradients at once, for which the same kernel and different kernels are chosen.
        let mut all = kernels::WeightGrads::new();
        for second in [Some((x2, g2)), None] {
            all.add(WeightGradOf { x: x.clone(), gy: g.clone(), second, kernel: 3, conv: padded(0) })?;
        }
        for (i, (n, h, w, ci, co, kernel, pad)) in [
            (1, 9, 11, 64, 64, 3, 0),
            (2, 12, 7, 32, 64, 3, 1),
            (1, 8, 8, 3, 64, 3, 0),
            (2, 8, 8, 64, 3, 3, 1),
            (1, 9, 9, 12, 12, 5, 2),
        ]
        .into_iter()
        .enumerate()
        {
            let x = values((n, h, w, ci), 50 + i as u64, d)?;
            let gy = values((n, h + 2 * pad + 1 - kernel, w + 2 * pad + 1 - kernel, co), 70 + i as u64, d)?;
            all.add(WeightGradOf { x, gy, second: None, kernel, conv: padded(pad) })?;
        }
        Ok(all.compute()?.into_iter().flat_map(|(dw, db)| [dw, db]).collect())
    }));
    // More weight gradients than one launch takes.
    cases.push(case("many pairs", move |d| {
        let mut all = kernels::WeightGrads::new();
        for i in 0..40u64 {
            let (x, gy) = (values((1, 5, 6, 12), i, d)?, values((1, 3, 4, 12), 100 + i, d)?);
            all.add(WeightGradOf { x, gy, second: None, kernel: 3, conv: padded(0) })?;
        }
        Ok(all.compute()?.into_iter().flat_map(|(dw, db)| [dw, db]).collect())
    }));
    // Weights of two networks that are packed beforehand.
    cases.push(case("packed", move |d| {
        let (w, v) = (values((5, 6, 3, 3), 1, d)?, values((6, 5, 3, 3), 2, d)?);
        let (x, g) = (values((1, 9, 9, 6), 3, d)?, values((1, 7, 7, 5), 4, d)?);
        let first = kernels::keep_packed(vec![w.clone()], precision)?;
        let second = kernels::keep_packed(vec![v.clone()], precision)?;
        let y = kernels::conv2d(&x, &w, None, padded(0), None)?;
        let z = kernels::conv2d(&y, &v, None, padded(1), None)?;
        // After the first guard is dropped, only the weights of the second may be found in the registry.
        drop(first);
        let again = kernels::conv2d(&y, &v, None, padded(1), None)?;
        drop(second);
        let dx = kernels::conv2d_input_grad(&g, &w, padded(0), None)?;
        Ok(vec![y, z, again, dx, kernels::conv2d(&x, &w, None, padded(0), None)?])
    }));
    // A part of a batch, which does not begin at the start of its buffer.
    cases.push(case("a view", move |d| {
        let (x, w) = (values((3, 8, 9, 4), 1, d)?.narrow(0, 1, 2)?, values((8, 4, 3, 3), 2, d)?);
        Ok(vec![kernels::conv2d(&x, &w, None, padded(0), None)?])
    }));
    cases
}

fn others() -> Vec<Case> {
    let shape = (2, 9, 13, 5);
    let mut cases = vec![];
    for activation in [Activation::LeakyRelu(0.05), Activation::Elu, Activation::Selu, Activation::Tanh] {
        cases.push(case(format!("{activation:?}"), move |d| {
            let (x, g) = (values(shape, 1, d)?, values(shape, 2, d)?);
            let y = kernels::activate(&x, activation)?;
            let grad = kernels::activation_grad(activation, &y, &g)?;
            Ok(vec![y, grad])
        }));
    }
    cases.push(case("PReLU and products", move |d| {
        let (z, a, b) = (values(shape, 1, d)?, values(shape, 2, d)?, values(shape, 3, d)?);
        let slope = values(1, 4, d)?;
        Ok(vec![
            kernels::prelu(&z, &slope)?,
            kernels::prelu_grad(&z, &slope, &a)?,
            kernels::prelu_slope_grad(&z, &a, &b)?,
            kernels::negative_product(&z, &a, &b)?,
        ])
    }));
    cases.push(case("normalisation", |d| {
        let shape = (2, 21, 33, 70);
        let (z, g) = (values(shape, 1, d)?, values(shape, 2, d)?);
        let stats = kernels::norm_stats(&z, &values(70, 3, d)?)?;
        let (gz, dw, db) = kernels::norm_grad(&z, &stats, &g)?;
        Ok(vec![kernels::norm(&z, &stats, &values(70, 4, d)?)?, stats, gz, dw, db])
    }));
    cases.push(case("losses", |d| {
        let shape = (2, 60, 50, 3);
        let (a, b) = (values(shape, 1, d)?, values(shape, 2, d)?);
        let (mse, mse_grad) = kernels::mse(&a, &b, 10.0)?;
        let (gp, gp_grad) = kernels::gradient_penalty(&a, 0.1)?;
        let mixed = kernels::mix(&a, &b, &Tensor::new(&[0.3f32], d)?)?;
        let constant = kernels::constant(&a, &[0.5, -2.0])?;
        Ok(vec![mse, mse_grad, gp, gp_grad, mixed, constant, kernels::batch_means(&a)?])
    }));
    for (from, to) in
        [((5, 9), (8, 12)), ((7, 40), (9, 75)), ((4, 4), (50, 4)), ((6, 1), (1, 5)), ((12, 9), (7, 9))]
    {
        cases.push(case(format!("bicubic {from:?} to {to:?}"), move |d| {
            let (x, z) = (values((2, from.0, from.1, 6), 1, d)?, values((2, to.0, to.1, 6), 2, d)?);
            let wrap = Wrap { rows: true, columns: false };
            Ok(vec![
                kernels::bicubic(&x, to)?,
                kernels::bicubic_plus(&x, to, &z, 0.3)?,
                kernels::bicubic_wrapped(&x, to, wrap)?,
                kernels::bicubic_grad(&z, from)?,
                kernels::bicubic_grad_plus(&z, from, &x)?,
            ])
        }));
    }
    cases.push(case("borders", |d| {
        let (x, z) = (values((2, 7, 9, 5), 1, d)?, values((2, 3, 5, 5), 2, d)?);
        let padded = kernels::pad(&x, 3)?;
        Ok(vec![kernels::crop(&x, 1)?, kernels::crop_plus(&x, 2, &z)?, kernels::crop(&padded, 0)?, padded])
    }));
    cases.push(case("noise", |d| {
        let stream = Stream::new(1 << 40, [3, 2, 1], 77);
        let batch = Tensor::zeros((2, 9, 11, 6), DType::F32, d)?;
        kernels::fill_normal(&batch.narrow(0, 1, 1)?, stream)?;
        Ok(vec![batch, kernels::normal(stream, (-3, 5), (4, 7, 3), d)?])
    }));
    cases.push(case("Adam", |d| {
        // More parameters than one launch takes, some shorter and some longer than a block.
        let decay = Decay { beta1: 0.5, beta2: 0.999 };
        let mut all = Vec::new();
        for k in 0..70 {
            let n = if k % 3 == 0 { 3000 + k } else { 1 + k };
            let k = 3 * k as u64;
            let moments = Tensor::zeros((2, n), DType::F32, d)?;
            all.push([values(n, k, d)?, values(n, k + 1, d)?, moments]);
        }
        for done in [0, 3] {
            let steps = AdamStep { lr: 1e-2, decay, done, steps: 3 }.values();
            let steps = &Tensor::from_vec(steps, (3, 2), d)?;
            let updates: Vec<AdamUpdate<'_>> = all
                .iter()
                .map(|[parameter, gradient, moments]| AdamUpdate { parameter, moments, gradient, steps })
                .collect();
            kernels::adam(&updates, decay)?;
        }
        Ok(all.into_iter().flatten().collect())
    }));
    cases
}

fn numbers(tensors: Vec<Tensor>) -> Vec<Vec<f32>> {
    tensors.iter().map(|t| t.flatten_all().unwrap().to_vec1().unwrap()).collect()
}

/// The norm of the difference divided by the norm of the expected values.
fn error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square = |v: f32| f64::from(v).powi(2);
    let difference: f64 = found.iter().zip(expected).map(|(a, b)| square(a - b)).sum();
    let norm: f64 = expected.iter().map(|&v| square(v)).sum();
    if difference == 0.0 { 0.0 } else { (difference / norm.max(1e-12)).sqrt() }
}

fn compare(what: &str, cases: &[Case], allowed: f64, run: impl Fn(&Case) -> Vec<Tensor>) {
    let mut off = Vec::new();
    for case in cases {
        let expected = numbers((case.run)(&Device::Cpu).unwrap());
        for (i, (found, expected)) in numbers(run(case)).iter().zip(&expected).enumerate() {
            let error = error(found, expected);
            if error.is_nan() || error > allowed {
                off.push(format!("{what}: {}, result {i}: off by {error:.1e}", case.name));
            }
        }
    }
    assert!(off.is_empty(), "{}", off.join("\n"));
}

#[cfg(feature = "emulate")]
fn emulated(case: &Case) -> Vec<Tensor> {
    kernels::emulate(|| (case.run)(&Device::Cpu)).0.unwrap()
}

#[test]
fn devices_compute_what_the_cpu_computes() {
    for (precision, allowed) in [(Precision::F32, 1e-5), (Precision::Tf32, 1e-3)] {
        let cases: Vec<Case> = convolutions(precision).into_iter().chain(others()).collect();
        #[cfg(feature = "emulate")]
        compare("kernels' source", &cases, allowed, emulated);
        #[cfg(feature = "cuda")]
        match kernels::cuda_device(0) {
            Ok(gpu) => compare("GPU", &cases, allowed, |case| (case.run)(&gpu).unwrap()),
            Err(error) => println!("there is no GPU here, so none was tried: {error}"),
        }
        let _ = (&cases, allowed);
        #[cfg(feature = "emulate")]
        {
            opposite_pictures_cancel(precision);
            gpus_differ_in_nothing_but_speed(precision);
        }
    }
}

/// Opposite contributions of a real and a fake picture must cancel exactly. Adam would turn the smallest
/// remainder into a full step.
#[cfg(feature = "emulate")]
fn opposite_pictures_cancel(precision: Precision) {
    for (ci, co) in [(8, 5), (12, 20), (3, 12), (12, 1)] {
        let (x, g) = (
            values((1, 40, 33, ci), 1, &Device::Cpu).unwrap(),
            values((1, 38, 31, co), 2, &Device::Cpu).unwrap(),
        );
        let x = Tensor::cat(&[&x, &x], 0).unwrap();
        let g = Tensor::cat(&[&g, &g.neg().unwrap()], 0).unwrap();
        let ((dw, db), _) = kernels::emulate(|| {
            kernels::conv2d_weight_grad(&x, &g, 3, Conv2d { pad: 0, precision }).unwrap()
        });
        for sums in numbers(vec![dw, db]) {
            assert!(sums.iter().all(|&v| v == 0.0), "{ci} to {co}");
        }
    }
}

/// A small GPU uses other tiles of the picture, and the result has the same bytes.
#[cfg(feature = "emulate")]
fn gpus_differ_in_nothing_but_speed(precision: Precision) {
    let (x, w) =
        (values((1, 20, 35, 96), 1, &Device::Cpu).unwrap(), values((40, 96, 3, 3), 2, &Device::Cpu).unwrap());
    let on = |multiprocessors, shared| {
        let work = || kernels::conv2d(&x, &w, None, Conv2d { pad: 1, precision }, None).unwrap();
        let (y, launches) = kernels::emulate_gpu(multiprocessors, shared, work);
        (numbers(vec![y]), launches.last().unwrap().kernel)
    };
    let large = on(132, 227 << 10);
    let others = [on(20, 227 << 10), on(6, 99 << 10), on(6, 227 << 10)];
    for (found, kernel) in &others {
        assert!(*found == large.0, "{kernel} and {}", large.1);
    }
    if precision == Precision::Tf32 {
        let kernels: Vec<_> = others.iter().map(|o| o.1).collect();
        let tiles = ["conv3x3_tf32_8x8x64", "conv3x3_tf32_8x16x64", "conv3x3_tf32_16x16x64"];
        assert_eq!((large.1, kernels), ("conv3x3_tf32_8x8x32", tiles.to_vec()));
    }
}

/// The packed filter of a dropped token must never be read again, whichever token is dropped first, and the
/// filters of other tokens stay packed.
#[cfg(feature = "emulate")]
#[test]
fn regression_tokens_of_packed_weights_may_be_dropped_in_any_order() {
    let cpu = &Device::Cpu;
    let x = values((1, 9, 9, 6), 3, cpu).unwrap();
    let (w, v) = (values((5, 6, 3, 3), 1, cpu).unwrap(), values((5, 6, 3, 3), 2, cpu).unwrap());
    let packs = |launches: &[kernels::Launch]| launches.iter().filter(|l| l.kernel == "conv_pack").count();
    let convolved = |weights: &Tensor| kernels::conv2d(&x, weights, None, 0, None).unwrap();
    let (expected, launches) = kernels::emulate(|| numbers(vec![convolved(&w), convolved(&v)]));
    assert_eq!(packs(&launches), 2);
    for first_goes_first in [true, false] {
        let (found, launches) = kernels::emulate(|| {
            let first = kernels::keep_packed(vec![w.clone()], Precision::default()).unwrap();
            let second = kernels::keep_packed(vec![v.clone()], Precision::default()).unwrap();
            let (gone, stays) = if first_goes_first { (first, second) } else { (second, first) };
            drop(gone);
            let found = numbers(vec![convolved(&w), convolved(&v)]);
            drop(stays);
            found
        });
        assert_eq!(found, expected);
        // Two filters were packed when they were kept, and one by the convolution whose token had been
        // dropped.
        assert_eq!(packs(&launches), 3);
    }
    // A leaked token keeps its memory, so its addresses stay valid.
    let (found, _) = kernels::emulate(|| {
        std::mem::forget(kernels::keep_packed(vec![w.clone()], Precision::default()).unwrap());
        numbers(vec![convolved(&w), convolved(&v)])
    });
    assert_eq!(found, expected);
    // A filter packed for another precision is not used.
    let (found, launches) = kernels::emulate(|| {
        let _kept = kernels::keep_packed(vec![v.clone()], Precision::F32).unwrap();
        numbers(vec![convolved(&w), convolved(&v)])
    });
    assert_eq!((found, packs(&launches)), (expected, 2));
}
