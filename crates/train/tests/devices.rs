//! Whole iterations as a GPU does them: the CUDA kernels' source run on the processor against the CPU's own loops, and what is
//! launched from one iteration to the next.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test

use candle_core::{Device, Tensor};
use kernels::{Launch, Precision, emulate, launches, normal};
use model::{ActivationKind, Border, Discriminator, Generator, first_weights};
use train::{Losses, Model, Networks, StageInputs, TrainConfig, direct_flops, prepare, step, streams};

const SIZES: [(usize, usize); 3] = [(15, 18), (18, 22), (21, 26)];
/// Those of the paper's run on `summer-palace.jpg`.
const PAPER: [(usize, usize); 6] = [(25, 38), (31, 47), (41, 61), (60, 89), (115, 171), (167, 250)];

/// How an iteration is done.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Cpu,
    Emulated,
    Recorded,
}

fn config(activation: ActivationKind, batch_norm: bool, border: Border) -> TrainConfig {
    TrainConfig {
        filters: 8,
        layers: 2,
        train_depth: 2,
        activation,
        batch_norm,
        border,
        precision: Precision::F32,
        ..TrainConfig::default()
    }
}

const SEED: u64 = 5;

/// Parameters before and after `iterations`, the last losses, and each iteration's launches.
struct Trained {
    before: Vec<Vec<f32>>,
    after: Vec<Vec<f32>>,
    losses: Losses,
    launches: Vec<Vec<Launch>>,
}

fn train(config: &TrainConfig, sizes: &[(usize, usize)], iterations: u32, how: How) -> Trained {
    let cpu = &Device::Cpu;
    let net = config.net(3);
    let first = first_weights::generator(&net, streams::generator_weights(SEED), cpu);
    let g = Generator::new(&net, sizes.len(), first).unwrap();
    let first = first_weights::discriminator(&net, streams::discriminator_weights(SEED), cpu);
    let d = Discriminator::new(&net, first).unwrap();
    let picture =
        |(h, w)| normal(streams::synthetic_haze(SEED), (0, 0), (h, w, 3), cpu).unwrap().tanh().unwrap();
    let mut fixed = vec![picture(sizes[0])];
    for (level, &size) in sizes.iter().enumerate().skip(1) {
        let shape = net.noise_shape(level, size);
        fixed.push(normal(streams::fixed_noise(SEED, level), (0, 0), shape, cpu).unwrap());
    }
    let last = sizes[sizes.len() - 1];
    let amps = [1.0, 0.1, 0.1, 0.1, 0.1, 0.1][..sizes.len()].to_vec();
    let model = Model { generator: g.clone(), amps, sizes: sizes.to_vec(), fixed };
    let mut networks = Networks::new(g.clone(), d.clone(), config).unwrap();
    let mut inputs = None;
    let mut run = |i: u32| {
        let inputs =
            inputs.get_or_insert_with(|| StageInputs::new(model.clone(), config, picture(last)).unwrap());
        for (level, buffer) in inputs.fresh_noise().unwrap().iter().enumerate() {
            kernels::fill_normal(buffer, streams::training_noise(SEED, 0, level, i as usize)).unwrap();
        }
        prepare(&mut networks, inputs, &[0.2, 0.5 + 0.1 * i as f32, 0.7], 1.0, config).unwrap();
        let work = || step(&networks, inputs, config).unwrap();
        let launches = match how {
            How::Cpu => (work(), vec![]).1,
            How::Emulated => emulate(work).1,
            How::Recorded => launches(work),
        };
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
    let (cpu, gpu) = (train(config, &SIZES, 2, How::Cpu), train(config, &SIZES, 2, How::Emulated));
    for ((name, ours), (_, expected)) in gpu.losses.named().into_iter().zip(cpu.losses.named()) {
        assert!(
            (ours - expected).abs() <= 2e-3 * expected.abs().max(1e-3),
            "{name}: {ours} instead of {expected}"
        );
    }
    for (k, ((before, expected), ours)) in cpu.before.iter().zip(&cpu.after).zip(&gpu.after).enumerate() {
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
    for (activation, batch_norm, border) in [
        (ActivationKind::Lrelu, false, Border::Grown),
        (ActivationKind::Prelu, true, Border::Padded),
        (ActivationKind::Elu, false, Border::Padded),
    ] {
        compare(&config(activation, batch_norm, border));
    }
}

/// A GPU records an iteration once and replays it: each must launch the same with the same numbers, and whatever differs must
/// stand in tensors. Iterations differ in their noise, in the penalty's mix and in Adam's corrections.
///
/// `--nocapture` shows the launches of the paper's iterations and what their convolutions compute.
#[test]
fn every_iteration_launches_the_same() {
    let paper = TrainConfig::default();
    for stage in 0..PAPER.len() {
        let launches = train(&paper, &PAPER[..=stage], 3, How::Recorded).launches;
        let gflop = direct_flops(&paper, 3, &PAPER[..=stage]) / 1e9;
        println!("stage {stage}: {} launches, {gflop:.1} GFLOP", launches[0].len());
        assert!((100..160).contains(&launches[0].len()), "stage {stage}: {} launches", launches[0].len());
        for later in &launches[1..] {
            assert!(*later == launches[0], "stage {stage}");
        }
    }
    for (activation, batch_norm) in
        [(ActivationKind::Prelu, true), (ActivationKind::Elu, false), (ActivationKind::Selu, false)]
    {
        let config = TrainConfig { activation, batch_norm, ..TrainConfig::default() };
        let launches = train(&config, &SIZES, 3, How::Recorded).launches;
        assert!(launches[0].len() > 100 && launches[1] == launches[0] && launches[2] == launches[0]);
    }
}
