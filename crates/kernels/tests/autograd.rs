//! The custom operations under candle's autograd: backward passes are compared with finite differences of
//! forward passes, and operations with each other where one is the transpose or a part of the other.

use candle_core::{Device, Result, Tensor, Var};
use kernels::{Activation, Stream, activate, bicubic, bicubic_grad, bicubic_grad_plus, bicubic_plus};
use kernels::{conv2d, conv2d_input_grad, conv2d_weight_grad, norm, norm_grad, norm_stats, prelu};

fn random(shape: &[usize], level: u32) -> Result<Tensor> {
    let stream = Stream::new(11, [7, 0, level], 0);
    kernels::normal(stream, (0, 0), (1, shape.iter().product(), 1), &Device::Cpu)?.reshape(shape)
}

fn dot(a: &Tensor, b: &Tensor) -> Result<f64> {
    let (a, b) = (a.flatten_all()?.to_vec1::<f32>()?, b.flatten_all()?.to_vec1::<f32>()?);
    Ok(a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum())
}

/// The step of the finite differences: large enough to hide rounding, small enough for the curvature of the
/// activations.
const STEP: f64 = 1e-2;

/// Checks the gradient of `dot(f(x), weights)` along a random direction, for each of `inputs`.
fn check(name: &str, inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) -> Result<()> {
    let weights = random(f(inputs)?.dims(), 99)?;
    let vars = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<_>>>()?;
    let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
    let gradients = (f(&tensors)? * &weights)?.sum_all()?.backward()?;
    for (i, x) in inputs.iter().enumerate() {
        let direction = random(x.dims(), 50 + i as u32)?;
        let at = |step: f64| -> Result<f64> {
            let mut moved = inputs.to_vec();
            moved[i] = (x + (&direction * step)?)?;
            dot(&f(&moved)?, &weights)
        };
        let h = STEP;
        let numeric = (at(h)? - at(-h)?) / (2.0 * h);
        let gradient = gradients.get(&tensors[i]).expect("the input has a gradient");
        let written = dot(gradient, &direction)?;
        assert!(
            (numeric - written).abs() < 1e-2 * numeric.abs().max(1.0),
            "{name}, input {i}: {numeric} against {written}"
        );
    }
    Ok(())
}

#[test]
fn convolutions_are_differentiable_in_every_operand() -> Result<()> {
    for (ci, co, k, pad) in [(3, 5, 3, 0), (16, 17, 3, 1), (4, 2, 5, 2)] {
        let x = random(&[2, 9, 11, ci], 1)?;
        let w = (random(&[co, ci, k, k], 2)? * 0.3)?;
        let bias = random(&[co], 3)?;
        check("conv2d", &[x.clone(), w.clone()], |i| conv2d(&i[0], &i[1], None, pad, None))?;
        check("conv2d with bias", &[x.clone(), w.clone(), bias], |i| {
            conv2d(&i[0], &i[1], Some(&i[2]), pad, None)
        })?;
        let gy = random(conv2d(&x, &w, None, pad, None)?.dims(), 4)?;
        check("conv2d_input_grad", &[gy.clone(), w.clone()], |i| conv2d_input_grad(&i[0], &i[1], pad, None))?;
        check("conv2d_weight_grad", &[x, gy], |i| Ok(conv2d_weight_grad(&i[0], &i[1], k, pad)?.0))?;
    }
    Ok(())
}

#[test]
fn a_fused_leaky_relu_is_the_separate_one() -> Result<()> {
    let (x, w, bias) = (random(&[1, 12, 9, 16], 1)?, random(&[16, 16, 3, 3], 2)?, random(&[16], 3)?);
    let fused = conv2d(&x, &w, Some(&bias), 0, Some(0.2))?;
    let separate = activate(&conv2d(&x, &w, Some(&bias), 0, None)?, Activation::LeakyRelu(0.2))?;
    assert_eq!(fused.flatten_all()?.to_vec1::<f32>()?, separate.flatten_all()?.to_vec1::<f32>()?);
    let gy = random(fused.dims(), 4)?;
    let masked = kernels::conv2d_input_grad(&gy, &w, 0, Some((&x, 0.2)))?;
    let by_hand =
        kernels::activation_grad(Activation::LeakyRelu(0.2), &x, &conv2d_input_grad(&gy, &w, 0, None)?)?;
    assert_eq!(masked.flatten_all()?.to_vec1::<f32>()?, by_hand.flatten_all()?.to_vec1::<f32>()?);
    Ok(())
}

#[test]
fn smooth_activations_are_differentiable() -> Result<()> {
    for activation in [Activation::Elu, Activation::Tanh] {
        check("activate", &[random(&[1, 4, 5, 6], 1)?], |i| activate(&i[0], activation))?;
    }
    Ok(())
}

#[test]
fn prelu_is_differentiable_in_both_operands() -> Result<()> {
    let away_from_the_kink =
        ((random(&[1, 4, 5, 6], 1)?.abs()? + 0.3)? * random(&[1, 4, 5, 6], 2)?.sign()?)?;
    check("prelu", &[away_from_the_kink, random(&[1], 3)?], |i| prelu(&i[0], &i[1]))
}

#[test]
fn the_resize_and_its_gradient_are_each_others_transpose() -> Result<()> {
    for (from, to) in [((7, 9), (13, 10)), ((12, 8), (5, 8)), ((1, 4), (3, 7))] {
        let (x, g) = (random(&[2, from.0, from.1, 5], 1)?, random(&[2, to.0, to.1, 5], 2)?);
        let (up, down) = (dot(&bicubic(&x, to)?, &g)?, dot(&x, &bicubic_grad(&g, from)?)?);
        assert!((up - down).abs() < 1e-4 * up.abs().max(1.0), "{from:?} to {to:?}: {up} against {down}");
        let plus = bicubic_plus(&x, to, &g, 0.5)?;
        let difference = (plus - (bicubic(&x, to)? + (&g * 0.5)?)?)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(difference < 1e-5, "bicubic_plus is off by {difference}");
        let plus = bicubic_grad_plus(&g, from, &x)?;
        let difference = (plus - (bicubic_grad(&g, from)? + &x)?)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(difference < 1e-5, "bicubic_grad_plus is off by {difference}");
    }
    Ok(())
}

#[test]
fn the_normalisation_s_gradient_is_that_of_its_formula() -> Result<()> {
    let (z, w, b) = (random(&[2, 6, 7, 3], 1)?, random(&[3], 2)?, random(&[3], 3)?);
    let gy = random(z.dims(), 4)?;
    let value = |z: &Tensor, w: &Tensor, b: &Tensor| dot(&norm(z, &norm_stats(z, w)?, b)?, &gy);
    let (gz, gw, gb) = norm_grad(&z, &norm_stats(&z, &w)?, &gy)?;
    let h = 1e-3;
    for (i, (x, g)) in [(&z, gz), (&w, gw), (&b, gb)].into_iter().enumerate() {
        let direction = random(x.dims(), 60)?;
        let at = |step: f64| {
            let moved = (x + (&direction * step)?)?;
            match i {
                0 => value(&moved, &w, &b),
                1 => value(&z, &moved, &b),
                _ => value(&z, &w, &moved),
            }
        };
        let (numeric, written) = ((at(h)? - at(-h)?) / (2.0 * h), dot(&g, &direction)?);
        assert!(
            (numeric - written).abs() < 1e-2 * numeric.abs().max(1.0),
            "operand {i}: {numeric} against {written}"
        );
    }
    Ok(())
}

#[test]
fn operands_that_do_not_fit_are_an_error() -> Result<()> {
    let (x, w) = (random(&[1, 5, 5, 3], 1)?, random(&[4, 3, 3, 3], 2)?);
    assert!(conv2d(&random(&[1, 2, 2, 3], 1)?, &w, None, 0, None).is_err());
    assert!(conv2d(&random(&[1, 5, 5, 4], 1)?, &w, None, 0, None).is_err());
    assert!(conv2d(&x, &random(&[4, 3, 2, 2], 2)?, None, 0, None).is_err());
    assert!(conv2d(&x, &w, Some(&random(&[3], 3)?), 0, None).is_err());
    assert!(conv2d_weight_grad(&x, &random(&[1, 5, 5, 4], 1)?, 3, 0).is_err());
    assert!(conv2d_input_grad(&random(&[1, 3, 3, 4], 1)?, &w, 3, None).is_err());
    Ok(())
}
