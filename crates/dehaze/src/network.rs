//! The multi-stage generator with a picture and a transmission head, trained on one hazy picture.
//!
//! Its input is the hazy picture and the prior's estimate, its four channels are a change of the clear picture and one of
//! the optical depth: before the first iteration it gives the prior's estimate. The losses are the model of haze as
//! reconstruction (the clear picture seen through the transmission is the input again), a patch critic that has seen the
//! least hazy patches of the picture, and the prior on the transmission.

use crate::maps::{Map, resized};
use crate::physics::{Airlight, behind_haze};
use crate::prior::Prior;
use crate::{DehazeRequest, Error, Result};
use candle_core::{Device, Tensor};
use model::{ActivationKind, Border, Discriminator, Generator, Inputs, NetConfig, first_weights};
use ndarray::{Array3, ArrayView3, s};
use train::{Adam, Observer, Work, streams};

/// Largest change that the network makes to an optical depth, as a share of it.
const REACH: f32 = 0.25;

/// Largest change that it makes to a value of the clear picture, in [-1, 1].
const RETOUCH: f32 = 0.5;

/// Weights of the losses: reconstruction, the critic's opinion, staying with the prior, smoothness of the optical depth's
/// change, and little change of the picture.
const RECONSTRUCTION: f32 = 10.0;
const ADVERSARIAL: f32 = 0.05;
const ANCHOR: f32 = 0.05;
const SMOOTHNESS: f32 = 2.0;
const KEEP: f32 = 0.1;

/// Trains stage by stage on `pyramid`, hazy pictures in [0, 1], coarsest first, and returns the transmission at the last
/// one's size. `prior` is that of the last one.
pub(crate) fn train_transmission(
    pyramid: &[Array3<f32>],
    prior: &Prior,
    config: &DehazeRequest,
    observer: &mut dyn Observer,
) -> Result<Map> {
    let device = Device::Cpu;
    let net = NetConfig {
        channels: 4,
        filters: config.filters,
        kernel: 3,
        layers: 3,
        activation: ActivationKind::Lrelu,
        lrelu_alpha: 0.05,
        batch_norm: false,
        border: Border::Padded,
        ..NetConfig::default()
    };
    let first = first_weights::generator(&net, streams::generator_weights(config.seed), &device);
    let mut g = Generator::new(&net, 1, first)?;
    let judged = NetConfig { channels: 3, ..net.clone() };
    let first = first_weights::discriminator(&judged, streams::discriminator_weights(config.seed), &device);
    let d = Discriminator::new(&judged, first)?;
    let sizes: Vec<(usize, usize)> = pyramid.iter().map(|p| (p.dim().0, p.dim().1)).collect();
    // An iteration runs all stages so far, and the critic at the size of the last.
    let pixels = |stage: usize| (sizes[stage].0 * sizes[stage].1) as f64;
    let cost = |stage: usize| pixels(stage) + (0..=stage).map(pixels).sum::<f64>();
    let whole = |stages: usize| (0..stages).map(cost).sum::<f64>();
    let mut noise = Vec::new();
    let mut transmission = prior.transmission.clone();
    for (stage, hazy) in pyramid.iter().enumerate() {
        let scene = Scene::new(hazy.view(), prior)?;
        if stage == 0 {
            noise.push(scene.input(&device)?);
        } else {
            g.grow()?;
            // There is no noise above stage 0, because the network explains this picture alone.
            let (h, w, c) = net.noise_shape(stage, sizes[stage]);
            noise.push(Tensor::zeros((1, h, w, c), candle_core::DType::F32, &device)?);
        }
        let amps = vec![0.0; stage + 1];
        let inputs = Inputs { noise: &noise, sizes: &sizes[..=stage], amps: &amps };
        let mut opt_d = Adam::new(vec![(d.parameters(), config.rate)], 0.5)?;
        let mut groups = vec![(g.head_parameters(), config.rate * 0.5f64.powi(stage as i32))];
        for k in 0..=stage {
            groups.push((g.stage_parameters(k), config.rate * 0.5f64.powi((stage - k) as i32)));
        }
        groups.push((g.tail_parameters(), config.rate));
        let mut opt_g = Adam::new(groups, 0.5)?;
        for iteration in 0..config.niter {
            // The last fifth of the iterations has a tenth of the learning rate, as in all training of this
            // program.
            let factor = if iteration * 5 >= config.niter * 4 { 0.1 } else { 1.0 };
            let tape = g.forward_tape(inputs, None, 0)?;
            let state = scene.state(tape.picture())?;
            let numbers = kernels::uniform(streams::dehazing_choices(config.seed, stage, iteration), 4);
            let crop = scene.crop();
            let real = scene.least_hazy(numbers[0]).clone();
            let at = (
                (numbers[1] * (sizes[stage].0 - crop.0 + 1) as f64) as usize,
                (numbers[2] * (sizes[stage].1 - crop.1 + 1) as f64) as usize,
            );
            let fake = tensor(state.clear.slice(s![at.0..at.0 + crop.0, at.1..at.1 + crop.1, ..]), &device)?;
            let alpha = Tensor::new(&[numbers[3] as f32], &device)?;
            let step = d.critic_step(&real, &fake, &alpha, 0.1)?;
            opt_d.step(&step.gradients, factor, 1)?;
            let (_, opinion) = d.score_gradient(&fake, -ADVERSARIAL)?;
            let (loss, gradient) = scene.gradient(&state, &opinion.flatten_all()?.to_vec1()?, at)?;
            if !loss.is_finite() {
                return Err(Error::Diverged { stage, iteration: iteration + 1 });
            }
            opt_g.step(&g.backward(&tape, &gradient)?, factor, 1)?;
            let share = (whole(stage) + cost(stage) * (iteration + 1) as f64 / config.niter as f64)
                / whole(sizes.len());
            let what = Work::Dehazing { stage, stages: pyramid.len(), loss, share };
            observer.progress(what, iteration + 1, config.niter)?;
        }
        if stage + 1 == pyramid.len() {
            transmission = scene.state(&g.forward(inputs)?)?.t;
        }
    }
    Ok(transmission)
}

/// The data of a stage, which does not change. Pictures are in [-1, 1] here, as in the networks.
struct Scene {
    hazy: Array3<f32>,
    airlight: [f32; 3],
    /// The prior's transmission, and the clear picture computed with it.
    t: Map,
    clear: Array3<f32>,
    /// Crops of that where the haze is least.
    least_hazy: Vec<Tensor>,
}

/// The meaning of the generator's output channels.
struct State {
    output: Array3<f32>,
    clear: Array3<f32>,
    t: Map,
}

impl Scene {
    fn new(hazy: ArrayView3<'_, f32>, prior: &Prior) -> Result<Self> {
        let (h, w, _) = hazy.dim();
        let airlight: Airlight = prior.airlight;
        // A hundredth of optical depth stays everywhere, so that the network can find haze where the prior saw none.
        let t = resized(&prior.transmission, (h, w))?.mapv(|t| t.clamp(0.05, 0.99));
        let clear = behind_haze(hazy, &t, &airlight).mapv(|v| v * 2.0 - 1.0);
        let mut scene = Self {
            hazy: hazy.mapv(|v| v * 2.0 - 1.0),
            airlight: airlight.map(|a| a * 2.0 - 1.0),
            t,
            clear,
            least_hazy: Vec::new(),
        };
        let (ch, cw) = scene.crop();
        let mut places = Vec::new();
        for i in 0..=8 {
            for j in 0..=8 {
                let (y, x) = ((h - ch) * i / 8, (w - cw) * j / 8);
                let mean = scene.t.slice(s![y..y + ch, x..x + cw]).mean().unwrap_or(0.0);
                places.push((mean, y, x));
            }
        }
        places.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for &(_, y, x) in &places[..16] {
            scene.least_hazy.push(tensor(scene.clear.slice(s![y..y + ch, x..x + cw, ..]), &Device::Cpu)?);
        }
        Ok(scene)
    }

    /// Height and width of what the critic judges at once: half the picture, if that is large enough for it.
    fn crop(&self) -> (usize, usize) {
        let (h, w) = self.t.dim();
        ((h / 2).max(h.min(16)), (w / 2).max(w.min(16)))
    }

    fn least_hazy(&self, number: f64) -> &Tensor {
        &self.least_hazy[((number * self.least_hazy.len() as f64) as usize).min(self.least_hazy.len() - 1)]
    }

    /// The generator's input: the hazy picture and the prior's transmission.
    fn input(&self, device: &Device) -> Result<Tensor> {
        let (h, w) = self.t.dim();
        let value = |(y, x, c): (usize, usize, usize)| match c {
            3 => self.t[[y, x]] * 2.0 - 1.0,
            c => self.hazy[[y, x, c]],
        };
        tensor(Array3::from_shape_fn((h, w, 4), value).view(), device)
    }

    fn state(&self, output: &Tensor) -> Result<State> {
        let (h, w) = self.t.dim();
        let output = Array3::from_shape_vec((h, w, 4), output.flatten_all()?.to_vec1::<f32>()?)
            .map_err(|e| candle_core::Error::Msg(e.to_string()))?;
        let t = Map::from_shape_fn((h, w), |(y, x)| self.t[[y, x]].powf(1.0 + REACH * output[[y, x, 3]]));
        let clear =
            Array3::from_shape_fn((h, w, 3), |(y, x, c)| self.clear[[y, x, c]] + RETOUCH * output[[y, x, c]]);
        Ok(State { output, clear, t })
    }

    /// The loss without the critic's part, and the gradient of all of it at the generator's output; `opinion` is the
    /// critic's gradient at the crop `at` of the clear picture.
    fn gradient(&self, state: &State, opinion: &[f32], at: (usize, usize)) -> Result<(f32, Tensor)> {
        let (h, w) = self.t.dim();
        let (ch, cw) = self.crop();
        let pixels = (h * w) as f32;
        let mut loss = 0f64;
        let mut gradient = Array3::<f32>::zeros((h, w, 4));
        for y in 0..h {
            for x in 0..w {
                let (t, s) = (state.t[[y, x]], state.output[[y, x, 3]]);
                let mut at_t = 0.0;
                for c in 0..3 {
                    let (j, a) = (state.clear[[y, x, c]], self.airlight[c]);
                    let rest = j * t + a * (1.0 - t) - self.hazy[[y, x, c]];
                    let scale = 2.0 * RECONSTRUCTION * rest / (3.0 * pixels);
                    at_t += scale * (j - a);
                    let r = state.output[[y, x, c]];
                    gradient[[y, x, c]] = RETOUCH * scale * t + 2.0 * KEEP * r / (3.0 * pixels);
                    loss += f64::from((RECONSTRUCTION * rest * rest + KEEP * r * r) / (3.0 * pixels));
                    if (at.0..at.0 + ch).contains(&y) && (at.1..at.1 + cw).contains(&x) {
                        gradient[[y, x, c]] += RETOUCH * opinion[((y - at.0) * cw + x - at.1) * 3 + c];
                    }
                }
                gradient[[y, x, 3]] += at_t * REACH * self.t[[y, x]].ln() * t + 2.0 * ANCHOR * s / pixels;
                loss += f64::from(ANCHOR * s * s / pixels);
                for (y1, x1) in [(y + 1, x), (y, x + 1)] {
                    if y1 < h && x1 < w {
                        let step = state.output[[y1, x1, 3]] - s;
                        loss += f64::from(SMOOTHNESS * step * step / pixels);
                        gradient[[y1, x1, 3]] += 2.0 * SMOOTHNESS * step / pixels;
                        gradient[[y, x, 3]] -= 2.0 * SMOOTHNESS * step / pixels;
                    }
                }
            }
        }
        Ok((loss as f32, tensor(gradient.view(), &Device::Cpu)?))
    }
}

fn tensor(values: ArrayView3<'_, f32>, device: &Device) -> Result<Tensor> {
    let (h, w, c) = values.dim();
    Ok(Tensor::from_vec(values.iter().copied().collect::<Vec<f32>>(), (1, h, w, c), device)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_that_of_the_loss() -> Result<()> {
        let hazy =
            Array3::from_shape_fn((16, 18, 3), |(y, x, c)| 0.4 + ((y * 5 + x * 3 + c) % 7) as f32 / 15.0);
        let transmission = Map::from_shape_fn((16, 18), |(y, x)| 0.3 + 0.02 * (x + y) as f32);
        let scene = Scene::new(hazy.view(), &Prior { airlight: [0.9, 0.85, 0.8], transmission })?;
        let values = |step: f32, at: usize| {
            let mut values: Vec<f32> =
                (0..16 * 18 * 4).map(|i| ((i * 29) % 17) as f32 / 17.0 - 0.5).collect();
            values[at] += step;
            Tensor::from_vec(values, (1, 16, 18, 4), &Device::Cpu)
        };
        let (ch, cw) = scene.crop();
        let loss = |step: f32, at: usize| -> Result<(f32, Vec<f32>)> {
            let state = scene.state(&values(step, at)?)?;
            let (loss, gradient) = scene.gradient(&state, &vec![0.0; ch * cw * 3], (0, 0))?;
            Ok((loss, gradient.flatten_all()?.to_vec1()?))
        };
        for at in [0, 1, 3, 7, 401, 403, 16 * 18 * 4 - 1] {
            let numeric = (loss(0.05, at)?.0 - loss(-0.05, at)?.0) / 0.1;
            let written = loss(0.0, at)?.1[at];
            assert!(
                (numeric - written).abs() < 2e-5 + 0.02 * written.abs(),
                "{at}: {numeric} against {written}"
            );
        }
        Ok(())
    }
}
