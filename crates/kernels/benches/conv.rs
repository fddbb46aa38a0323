//! Convolution and its gradients at the shapes of a training step of the paper's size. The elements of the
//! reports are floating-point operations, counted as for a direct convolution, so that `Gelem/s` means
//! GFLOP/s.
//!
//! `cargo bench -p kernels --bench conv -- 64to64` runs some of the benchmarks; `KERNELS_CPU=avx2` selects
//! another CPU path.

use candle_core::{Device, Result, Tensor};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use kernels::{conv2d, conv2d_input_grad, conv2d_weight_grad};
use std::hint::black_box;

const SLOPE: f32 = 0.05;

/// Height and width of the input at the first stage, two middle stages and the last stage.
const SIZES: [(usize, usize); 4] = [(25, 38), (66, 95), (121, 177), (172, 250)];
/// Input and output channels of the body, the head, and the last layers of generator and critic.
const CHANNELS: [(usize, usize); 4] = [(64, 64), (3, 64), (64, 3), (64, 1)];
/// The real, the fake and the interpolated picture.
const BATCH: usize = 3;

struct Operands {
    x: Tensor,
    w: Tensor,
    bias: Tensor,
    gy: Tensor,
    flops: u64,
}

impl Operands {
    fn new((h, w): (usize, usize), (ci, co): (usize, usize)) -> Result<Self> {
        let random = |shape: &[usize]| Tensor::randn(0_f32, 1.0, shape, &Device::Cpu);
        Ok(Self {
            x: random(&[BATCH, h, w, ci])?,
            w: random(&[co, ci, 3, 3])?,
            bias: random(&[co])?,
            gy: random(&[BATCH, h - 2, w - 2, co])?,
            flops: 2 * (BATCH * (h - 2) * (w - 2) * ci * co * 9) as u64,
        })
    }
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    flops: u64,
    mut run: impl FnMut() -> Result<Tensor>,
) {
    group.throughput(Throughput::Elements(flops));
    group.bench_function(id, |b| b.iter(|| black_box(run().expect("the shapes fit"))));
}

fn convolutions(c: &mut Criterion) {
    for channels in CHANNELS {
        let mut group = c.benchmark_group(format!("{}to{}", channels.0, channels.1));
        for size in SIZES {
            let o = Operands::new(size, channels).expect("random numbers");
            let id = |name: &str| BenchmarkId::new(name, format!("{}x{}", size.0, size.1));
            bench(&mut group, id("forward"), o.flops, || conv2d(&o.x, &o.w, Some(&o.bias), 0, Some(SLOPE)));
            bench(&mut group, id("input_grad"), o.flops, || {
                conv2d_input_grad(&o.gy, &o.w, 0, Some((&o.x, SLOPE)))
            });
            bench(&mut group, id("weight_grad"), o.flops, || Ok(conv2d_weight_grad(&o.x, &o.gy, 3, 0)?.0));
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = convolutions
}
criterion_main!(benches);
