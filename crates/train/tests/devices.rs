//! Whole iterations as a card does them: the CUDA kernels' source run on the processor against the CPU's own loops, and what is
//! launched from one iteration to the next.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test

use candle_core::{Device, Tensor};
use kernels::{Launch, Precision, Purpose, Stream, emulate, normal};
use model::{ActivationKind, Border, Discriminator, Generator};
use train::{StageInputs, TrainConfig, optimizers, prepare, step};

const SIZES: [(usize, usize); 3] = [(15, 18), (18, 22), (21, 26)];

fn config(activation: ActivationKind, batch_norm: bool, border: Border) -> TrainConfig {
    TrainConfig {
        filters: 8,
        layers: 2,
        train_depth: 2,
        activation,
        batch_norm,
        border,
        ..TrainConfig::default()
    }
}

fn stream(purpose: Purpose, level: usize, iteration: u32) -> Stream {
    Stream { seed: 5, purpose, stage: 0, level: level as u32, iteration }
}

/// Parameters before and after `iterations`, the last losses, and each iteration's launches.
struct Trained {
    before: Vec<Vec<f32>>,
    after: Vec<Vec<f32>>,
    losses: [f32; 5],
    launches: Vec<Vec<Launch>>,
}

fn train(config: &TrainConfig, iterations: u32, on_device: bool) -> Trained {
    let cpu = &Device::Cpu;
    let net = config.net(3);
    let mut g = Generator::new(&net, stream(Purpose::Weights, 0, 0), cpu).unwrap();
    let d = Discriminator::new(&net, stream(Purpose::Weights, 1, 0), cpu).unwrap();
    g.grow().unwrap();
    g.grow().unwrap();
    let picture =
        |(h, w)| normal(stream(Purpose::Other, 0, 0), (0, 0), (h, w, 3), cpu).unwrap().tanh().unwrap();
    let mut fixed = vec![picture(SIZES[0])];
    for (level, &size) in SIZES.iter().enumerate().skip(1) {
        let shape = net.noise_shape(level, size);
        fixed.push(normal(stream(Purpose::FixedNoise, level, 0), (0, 0), shape, cpu).unwrap());
    }
    let (mut opt_d, mut opt_g) = optimizers(&g, &d, config).unwrap();
    let mut inputs = None;
    let mut run = |i: u32| {
        let inputs = inputs.get_or_insert_with(|| {
            StageInputs::new(&g, config, picture(SIZES[2]), &SIZES, &[1.0, 0.1, 0.1], &fixed).unwrap()
        });
        for (level, buffer) in inputs.fresh_noise().unwrap().iter().enumerate() {
            kernels::fill_normal(buffer, stream(Purpose::Training, level, i)).unwrap();
        }
        prepare((&mut opt_d, &mut opt_g), inputs, &[0.2, 0.5 + 0.1 * i as f32, 0.7], 1.0, config).unwrap();
        let work = || step(&g, &d, (&opt_d, &opt_g), inputs, config).unwrap();
        let launches = if on_device { emulate(work).1 } else { (work(), vec![]).1 };
        (inputs.losses.read().unwrap(), launches)
    };
    let parameters = || -> Vec<Vec<f32>> {
        let all = g.parameters().into_iter().chain(d.parameters());
        all.map(|(_, p): (String, Tensor)| p.flatten_all().unwrap().to_vec1().unwrap()).collect()
    };
    let before = parameters();
    let done: Vec<_> = (0..iterations).map(&mut run).collect();
    let losses = done.last().unwrap().0;
    Trained { before, after: parameters(), losses, launches: done.into_iter().map(|d| d.1).collect() }
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

fn compare(config: &TrainConfig) {
    let (cpu, card) = (train(config, 2, false), train(config, 2, true));
    for (ours, expected) in card.losses.iter().zip(cpu.losses) {
        assert!(
            (ours - expected).abs() <= 2e-3 * expected.abs().max(1e-3),
            "{:?} {:?}",
            card.losses,
            cpu.losses
        );
    }
    for (k, ((before, expected), ours)) in cpu.before.iter().zip(&cpu.after).zip(&card.after).enumerate() {
        // In front of a norm a bias has no effect: Adam makes what it likes of its gradient's rounding.
        if config.batch_norm && before.len() == config.filters {
            continue;
        }
        let moved = norm(expected.iter().zip(before).map(|(a, b)| a - b));
        let off = norm(expected.iter().zip(ours).map(|(a, b)| a - b));
        assert!(off <= 0.03 * moved + 1e-7, "parameter {k}: off by {off} where it moved by {moved}");
    }
}

#[test]
fn iterations_of_kernels_are_those_of_the_cpu() {
    kernels::set_precision(Precision::F32);
    for (activation, batch_norm, border) in [
        (ActivationKind::Lrelu, false, Border::Grown),
        (ActivationKind::Prelu, true, Border::Padded),
        (ActivationKind::Elu, false, Border::Padded),
    ] {
        compare(&config(activation, batch_norm, border));
    }
}

/// A card records an iteration once and replays it: each must launch the same with the same numbers, and whatever differs must
/// stand in tensors. Iterations differ in their noise, in the penalty's mix and in Adam's corrections.
#[test]
fn every_iteration_launches_the_same() {
    kernels::set_precision(Precision::F32); // as in the other test: it is the process's
    let config = config(ActivationKind::Lrelu, false, Border::Grown);
    let launches = train(&config, 3, true).launches;
    assert!(launches[0].len() > 100, "{} launches", launches[0].len());
    for later in &launches[1..] {
        assert_eq!(later, &launches[0]);
    }
}
