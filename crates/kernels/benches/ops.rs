//! The operations other than convolutions, at the sizes of the paper's last stage. The elements of the
//! reports are values of the result.
//!
//! `cargo bench -p kernels --bench ops -- bicubic` runs some of the benchmarks.

use candle_core::{DType, Device, Result, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernels::{AdamStep, AdamUpdate, Decay, Stream};
use std::hint::black_box;

const STREAM: Stream = Stream::new(1, [7, 0, 0], 0);

/// Height and width of the features of the previous stage.
const PREVIOUS: (usize, usize) = (115, 171);
/// Height and width of the features of a stage with its border.
const STAGE: (usize, usize) = (173, 256);
const CHANNELS: usize = 64;

fn features((h, w): (usize, usize), channels: usize) -> Result<Tensor> {
    kernels::normal(STREAM, (0, 0), (h, w, channels), &Device::Cpu)
}

fn ops(c: &mut Criterion) -> Result<()> {
    let mut group = c.benchmark_group("ops");
    let (previous, stage) = (features(PREVIOUS, CHANNELS)?, features(STAGE, CHANNELS)?);
    let (picture, other) = (features(STAGE, 3)?, features(STAGE, 3)?);
    let weight = Tensor::ones(CHANNELS, DType::F32, &Device::Cpu)?;
    let stats = kernels::norm_stats(&stage, &weight)?;
    let mut bench = |name: &str, elements: usize, run: &dyn Fn() -> Result<()>| {
        group.throughput(Throughput::Elements(elements as u64));
        group.bench_function(name, |b| b.iter(|| run().expect("the shapes fit")));
    };
    let keep = |t: Tensor| {
        black_box(t);
    };

    bench("bicubic", stage.elem_count(), &|| kernels::bicubic(&previous, STAGE).map(keep));
    bench("bicubic_plus", stage.elem_count(), &|| {
        kernels::bicubic_plus(&previous, STAGE, &stage, 0.1).map(keep)
    });
    bench("bicubic_grad", previous.elem_count(), &|| kernels::bicubic_grad(&stage, PREVIOUS).map(keep));
    bench("normal", stage.elem_count(), &|| features(STAGE, CHANNELS).map(keep));
    bench("norm", stage.elem_count(), &|| kernels::norm(&stage, &stats, &weight).map(keep));
    bench("norm_stats", stage.elem_count(), &|| kernels::norm_stats(&stage, &weight).map(keep));
    bench("norm_grad", stage.elem_count(), &|| kernels::norm_grad(&stage, &stats, &stage).map(|g| keep(g.0)));
    bench("elu", stage.elem_count(), &|| kernels::activate(&stage, kernels::Activation::Elu).map(keep));
    bench("mse", picture.elem_count(), &|| kernels::mse(&picture, &other, 10.0).map(|l| keep(l.1)));
    bench("gradient_penalty", picture.elem_count(), &|| {
        kernels::gradient_penalty(&picture, 0.1).map(|l| keep(l.1))
    });
    let alpha = Tensor::new(&[0.3f32], &Device::Cpu)?;
    bench("mix", picture.elem_count(), &|| kernels::mix(&picture, &other, &alpha).map(keep));

    let gradient = features((CHANNELS, 9), CHANNELS)?;
    let parameter = gradient.copy()?;
    let moments = Tensor::zeros((2, gradient.elem_count()), DType::F32, &Device::Cpu)?;
    let decay = Decay { beta1: 0.5, beta2: 0.999 };
    let steps = AdamStep { lr: 5e-4, decay, done: 0, steps: 3 }.values();
    let steps = Tensor::from_vec(steps, (3, 2), &Device::Cpu)?;
    bench("adam_3_steps", gradient.elem_count(), &|| {
        let update =
            AdamUpdate { parameter: &parameter, moments: &moments, gradient: &gradient, steps: &steps };
        kernels::adam(&[update], decay)
    });
    group.finish();
    Ok(())
}

fn run(c: &mut Criterion) {
    ops(c).expect("the operations run");
}

criterion_group!(benches, run);
criterion_main!(benches);
