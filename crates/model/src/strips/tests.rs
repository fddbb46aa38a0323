use super::*;
use crate::{ActivationKind, Inputs, NetConfig, first_weights, weights};
use candle_core::Device;
use kernels::Stream;

const DEVICE: Device = Device::Cpu;
const SIZES: [(usize, usize); 3] = [(41, 9), (67, 13), (131, 20)];
const AMPS: [f64; 3] = [1.0, 0.5, 0.2];

fn generator(config: &NetConfig) -> Result<Generator> {
    let stream = Stream::new(3, [1, 0, 0], 0);
    let g = Generator::new(config, 3, first_weights::generator(config, stream, &DEVICE))?;
    // Larger weights than those of the beginning, so that differences show.
    for (_, p) in g.parameters() {
        let louder = (&p * 4.0)?;
        weights::assign(&[("p".into(), p)], &[("p".to_string(), louder)].into_iter().collect())?;
    }
    Ok(g)
}

fn vector(x: &Tensor) -> Result<Vec<f32>> {
    Ok(x.flatten_all()?.to_vec1::<f32>()?)
}

/// The whole and what strips of the fewest rows give, for some of the stages.
fn both(config: &NetConfig, wrap: Wrap, stages: Range<usize>) -> Result<(Vec<f32>, Vec<f32>)> {
    let g = generator(config)?;
    let stream = |stage: usize| Stream::new(5, [2, 0, stage as u32], 0);
    let shape = |stage: usize| config.tiled_noise_shape(stage, SIZES[stage], wrap);
    let noise: Vec<Tensor> =
        (0..3).map(|k| Ok(kernels::normal(stream(k), (0, 0), shape(k), &DEVICE)?)).collect::<Result<_>>()?;
    let inputs = Inputs { noise: &noise, sizes: &SIZES, amps: &AMPS };
    let whole = if wrap.any() {
        g.forward_tiled(inputs, wrap)?
    } else {
        let features = g.features(inputs, None, 0..1)?;
        g.picture(&g.features(inputs, Some(features), stages.clone())?)?
    };
    let rows = |stage: usize, rows: Range<usize>| {
        let (_, w, c) = shape(stage);
        Ok(kernels::normal(stream(stage), (rows.start as i64, 0), (rows.len(), w, c), &DEVICE)?)
    };
    let inputs =
        StripInputs { first: noise[0].clone(), noise: &rows, sizes: &SIZES, amps: &AMPS, stages, wrap };
    let strips = g.strips(inputs, &mut |_| Ok(()))?;
    let strips = strips.collect::<Result<Vec<_>>>()?;
    assert!(strips.len() > 1, "one strip proves nothing");
    Ok((vector(&whole)?, vector(&Tensor::cat(&strips, 1)?)?))
}

#[test]
fn strips_are_the_whole_bit_by_bit() -> Result<()> {
    let small = NetConfig { filters: 16, layers: 2, ..NetConfig::default() };
    for config in [
        small.clone(),
        NetConfig { border: Border::Padded, ..small.clone() },
        NetConfig { layers: 3, activation: ActivationKind::Elu, ..small.clone() },
        NetConfig { kernel: 5, filters: 6, activation: ActivationKind::Prelu, ..small.clone() },
    ] {
        for batch_norm in [false, true] {
            let config = NetConfig { batch_norm, ..config.clone() };
            let (whole, strips) = both(&config, Wrap::default(), 1..3)?;
            assert!(whole == strips, "{config:?}");
        }
    }
    let (whole, strips) = both(&small, Wrap::default(), 2..3)?;
    assert!(whole == strips, "without a stage");
    Ok(())
}

#[test]
fn strips_of_a_torus_are_the_whole_bit_by_bit() -> Result<()> {
    for border in [Border::Grown, Border::Padded] {
        for (rows, columns) in [(false, true), (true, false), (true, true)] {
            let config =
                NetConfig { filters: 16, layers: 2, batch_norm: rows, border, ..NetConfig::default() };
            let (whole, strips) = both(&config, Wrap { rows, columns }, 1..3)?;
            assert!(whole == strips, "{border:?}, rows {rows}, columns {columns}");
        }
    }
    Ok(())
}

/// Every row and column three times.
struct Thrice;

impl Enlarge for Thrice {
    fn source(&self, rows: Range<usize>) -> Range<usize> {
        rows.start / 3..rows.end.div_ceil(3)
    }

    fn rows(&self, source: &Tensor, rows: Range<usize>) -> Result<Tensor> {
        let first = rows.start / 3;
        let index = |list: Vec<u32>| Tensor::new(list, &DEVICE);
        let down = index(rows.map(|row| (row / 3 - first) as u32).collect())?;
        let across = index((0..3 * source.dims()[2] as u32).map(|column| column / 3).collect())?;
        Ok(source.index_select(&down, 1)?.index_select(&across, 2)?.contiguous()?)
    }
}

#[test]
fn refined_strips_are_the_whole_bit_by_bit() -> Result<()> {
    let config = NetConfig { filters: 16, layers: 2, border: Border::Padded, ..NetConfig::default() };
    let g = generator(&config)?;
    let stream = |stage: usize| Stream::new(5, [2, 0, stage as u32], 0);
    let noise: Vec<Tensor> = (0..3)
        .map(|k| Ok(kernels::normal(stream(k), (0, 0), config.noise_shape(k, SIZES[k]), &DEVICE)?))
        .collect::<Result<_>>()?;
    let (h, w) = (3 * SIZES[2].0, 3 * SIZES[2].1);
    let fresh = kernels::normal(stream(7), (0, 0), (h, w, 16), &DEVICE)?;
    let features = g.features(Inputs { noise: &noise, sizes: &SIZES, amps: &AMPS }, None, 0..3)?;
    let whole = g.picture(&g.refine(2, &Thrice.rows(&features, 0..h)?, &fresh, 0.3)?)?;
    let rows = |stage: usize, rows: Range<usize>| {
        Ok(noise[stage].narrow(1, rows.start, rows.len())?.contiguous()?)
    };
    let fresh = |_: usize, rows: Range<usize>| Ok(fresh.narrow(1, rows.start, rows.len())?.contiguous()?);
    let (first, wrap) = (noise[0].clone(), Wrap::default());
    let inputs = StripInputs { first, noise: &rows, sizes: &SIZES, amps: &AMPS, stages: 1..3, wrap };
    let mut features = g.feature_strips(inputs)?;
    let mut count = 0;
    features.each(|rows| {
        count += rows.dims()[1];
        Ok(())
    })?;
    assert_eq!(count, SIZES[2].0);
    let refined = g.refined_strips(features, 2, (Box::new(Thrice), (h, w)), (&fresh, 0.3));
    let strips = g.picture_strips(refined).collect::<Result<Vec<_>>>()?;
    assert!(strips.len() > 4);
    assert!(vector(&Tensor::cat(&strips, 1)?)? == vector(&whole)?);
    Ok(())
}
