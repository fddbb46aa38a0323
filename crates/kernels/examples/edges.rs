//! Trains a two-layer network to imitate an edge filter. Convolutions, noise and Adam come from this crate,
//! everything else from candle.
//!
//! `cargo run --release -p kernels --example edges`
#![allow(clippy::print_stdout)]

use candle_core::{Device, Result, Tensor, Var};
use kernels::{AdamStep, AdamUpdate, Decay, Stream, adam, conv2d, normal};

/// Number of training steps.
const STEPS: u32 = 300;

fn main() -> Result<()> {
    let device = Device::Cpu;
    let stream = |level, iteration| Stream::new(1, [7, 0, level], iteration);

    // The filter to be learned, [C_out, C_in, k, k].
    let sobel: [f32; 9] = [-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0];
    let sobel = Tensor::from_slice(&sobel, (1, 1, 3, 3), &device)?;

    // The first layer has 1 -> 16 channels and LeakyReLU, the second 16 -> 1 channels. Candle's autograd
    // calls the operations' own backward passes.
    let weights = |level, co: usize, ci: usize| {
        let values = normal(stream(level, 0), (0, 0), (1, co * ci * 9, 1), &device)?;
        Var::from_tensor(&(values * 0.2)?.reshape((co, ci, 3, 3))?)
    };
    let parameters = [
        weights(0, 16, 1)?,
        Var::zeros(16, candle_core::DType::F32, &device)?,
        weights(1, 1, 16)?,
        Var::zeros(1, candle_core::DType::F32, &device)?,
    ];
    let [w1, b1, w2, b2] = parameters.each_ref();
    let zero_moments = |p: &Var| Tensor::zeros((2, p.elem_count()), candle_core::DType::F32, &device);
    let moments = parameters.iter().map(zero_moments).collect::<Result<Vec<_>>>()?;

    for step in 1..=STEPS {
        // A picture of noise, [N, H, W, C], determined by the number of the step.
        let x = normal(stream(2, step), (0, 0), (32, 48, 1), &device)?;
        let wanted = conv2d(&x, &sobel, None, 1, None)?;
        let hidden = conv2d(&x, w1, Some(b1), 1, Some(0.2))?;
        let y = conv2d(&hidden, w2, Some(b2), 1, None)?;
        // The loss excludes the border, where the padding of the second layer has an effect.
        let inner = |t: &Tensor| t.narrow(1, 1, 30)?.narrow(2, 1, 46);
        let loss = (inner(&y)? - inner(&wanted)?)?.sqr()?.mean_all()?;

        let gradients = loss.backward()?;
        let decay = Decay { beta1: 0.9, beta2: 0.999 };
        let numbers = AdamStep { lr: 1e-2, decay, done: u64::from(step) - 1, steps: 1 }.values();
        let numbers = Tensor::from_vec(numbers, (1, 2), &device)?;
        for (parameter, moments) in parameters.iter().zip(&moments) {
            if let Some(gradient) = gradients.get(parameter) {
                let gradient = &gradient.contiguous()?;
                adam(&[AdamUpdate { parameter, moments, gradient, steps: &numbers }], decay)?;
            }
        }
        if step == 1 || step % 50 == 0 {
            println!("step {step:3}: loss {:.5}", loss.to_scalar::<f32>()?);
        }
    }
    Ok(())
}
