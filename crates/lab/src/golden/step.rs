//! Whole training iterations: losses, and weights after some of them.

use super::network::{flat, net, networks, picture, sizes};
use super::{Case, Check};
use anyhow::{Context, Result};
use candle_core::Tensor;
use train::{Model, Networks, StageInputs, TrainConfig, calibrate, prepare, step};

pub(super) fn train(case: &Case) -> Result<Vec<Check>> {
    let net = net(case)?;
    let (sizes, config) = (sizes(case)?, config(case)?);
    let amps: Vec<f64> = serde_json::from_value(case.meta["amps"].clone()).context("amps")?;
    let fixed = (0..sizes.len()).map(|k| picture(case, &format!("fixed.{k}"))).collect::<Result<Vec<_>>>()?;
    let real = picture(case, "real")?;

    let last = *amps.last().context("amps is empty")?;
    let (generator, discriminator) = networks(case, &net)?;
    let mut networks = Networks::new(generator, discriminator, &config)?;
    let model = Model { generator: networks.generator.clone(), amps, sizes, fixed };
    let ours = calibrate(&model, &config, &real)?;
    let mut checks = vec![Check::new("amps", (ours - last).abs() / last.abs(), 1e-5)];

    let inputs = StageInputs::new(model, &config, real)?;
    let fresh = inputs.fresh_noise()?;
    let (alphas_shape, alphas) = case.get("gp_alphas")?;
    let mut losses = Vec::new();
    for i in 0..config.niter {
        for (k, buffer) in fresh.iter().enumerate() {
            assign(buffer, &picture(case, &format!("noise.{i}.{k}"))?)?;
        }
        let per = alphas_shape[1];
        let alphas: Vec<f32> = alphas[i * per..(i + 1) * per].iter().map(|&a| a as f32).collect();
        let factor = config.rate_factor(i);
        prepare(&mut networks, &inputs, &alphas, factor, &config)?;
        step(&networks, &inputs, &config)?;
        losses.extend(inputs.losses.read()?.named().map(|(_, loss)| loss));
    }
    let mut check = case.compare("losses", &losses, 0.0)?;
    check.allowed = 2e-3;
    checks.push(check);

    let ours = networks.generator.parameters().into_iter().map(|(n, t)| (format!("g.{n}"), t));
    let of_discriminator = networks.discriminator.parameters().into_iter();
    for (name, tensor) in ours.chain(of_discriminator.map(|(n, t)| (format!("d.{n}"), t))) {
        // In front of a norm a bias has no effect: its true gradient is zero, and what Adam makes of rounding is its own.
        let exempt = net.batch_norm && name.starts_with("g.") && name.ends_with("conv.bias");
        if !exempt {
            checks.push(moved(case, &name, &flat(&tensor)?)?);
        }
    }
    Ok(checks)
}

/// How far a parameter is from where it should be, relative to how far it should have gone.
fn moved(case: &Case, name: &str, ours: &[f32]) -> Result<Check> {
    let (_, start) = case.get(name)?;
    let after = format!("after.{name}");
    let (_, expected) = case.get(&after)?;
    anyhow::ensure!(
        ours.len() == expected.len(),
        "{after} has {} values, ours {}",
        expected.len(),
        ours.len()
    );
    let norm = |pairs: &mut dyn Iterator<Item = f64>| pairs.map(|v| v * v).sum::<f64>().sqrt();
    let way = norm(&mut expected.iter().zip(&start).map(|(e, s)| e - s));
    let error = norm(&mut ours.iter().zip(&expected).map(|(o, e)| f64::from(*o) - e));
    Ok(if way == 0.0 { Check::new(after, error, 0.0) } else { Check::new(after, error / way, 0.03) })
}

fn config(case: &Case) -> Result<TrainConfig> {
    let config = &case.meta["config"];
    let number = |key: &str| config[key].as_f64().with_context(|| format!("config.{key}"));
    let whole = |key: &str| Ok::<_, anyhow::Error>(number(key)? as usize);
    let lr = number("lr")?;
    Ok(TrainConfig {
        niter: whole("niter")?,
        train_depth: whole("train_depth")?,
        lr_scale: number("lr_scale")?,
        lr_g: lr,
        lr_d: lr,
        beta1: number("beta1")?,
        gamma: number("gamma")?,
        g_steps: whole("g_steps")?,
        d_steps: whole("d_steps")?,
        lambda_grad: number("lambda_grad")?,
        alpha: number("alpha")?,
        noise_amp: number("noise_amp")?,
        ..TrainConfig::default()
    })
}

/// Overwrites a view of a noise buffer.
fn assign(buffer: &Tensor, values: &Tensor) -> Result<()> {
    buffer.slice_set(values, 0, 0).context("noise")
}
