//! The networks: a generated picture, the critic's scores and input gradient, the penalty and its gradients.

use super::{Case, Check};
use anyhow::{Context, Result, bail};
use candle_core::{Module, Tensor};
use model::{ActivationKind, Border, Discriminator, Generator, Inputs, NetConfig, weights};
use std::collections::HashMap;

pub(super) fn forward(case: &Case) -> Result<Vec<Check>> {
    let net = net(case)?;
    let (g, d) = networks(case, &net)?;
    let sizes = sizes(case)?;
    let amps: Vec<f64> = serde_json::from_value(case.meta["amps"].clone()).context("amps")?;
    let noise = (0..sizes.len()).map(|k| picture(case, &format!("noise.{k}"))).collect::<Result<Vec<_>>>()?;
    let real = picture(case, "real")?;
    let fake = g.forward(Inputs { noise: &noise, sizes: &sizes, amps: &amps })?;
    // The penalty's gradient is what the critic's step gives beyond that of its scores.
    let steep = if net.activation == ActivationKind::Selu { 3e-2 } else { 1e-3 };
    let mut checks = vec![
        case.compare("fake", &values(&fake)?, 0.0)?,
        case.compare("d_real", &values(&d.forward(&real)?)?, 0.0)?,
    ];
    let outputs = d.forward(&real)?.elem_count();
    let (_, gradient) = d.score_gradient(&real, outputs as f32)?;
    checks.push(case.compare("d_input_gradient", &values(&gradient)?, steep)?);
    let alpha = case.meta["gp_alpha"].as_f64().context("gp_alpha")? as f32;
    let alpha = Tensor::new(&[alpha], &case.device)?;
    let lambda = case.meta["config"]["lambda_grad"].as_f64().context("lambda_grad")? as f32;
    let with = d.critic_step(&real, &fake, &alpha, lambda)?;
    let without = d.critic_step(&real, &fake, &alpha, 0.0)?;
    checks.push(case.compare("gp", &values(&with.penalty)?, steep)?);
    for ((name, _), (a, b)) in d.parameters().iter().zip(with.gradients.iter().zip(&without.gradients)) {
        let (a, b) = (flat(a)?, flat(b)?);
        let difference: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        checks.push(case.compare(&format!("gp_grad.{name}"), &difference, steep)?);
    }
    Ok(checks)
}

/// The networks' shape as the reference's configuration has it.
pub(super) fn net(case: &Case) -> Result<NetConfig> {
    let config = &case.meta["config"];
    let number =
        |key: &str| config[key].as_u64().map(|v| v as usize).with_context(|| format!("config.{key}"));
    let mode = config["mode"].as_str().context("config.mode")?;
    Ok(NetConfig {
        channels: number("channels")?,
        filters: number("filters")?,
        kernel: number("kernel")?,
        layers: number("layers")?,
        activation: serde_json::from_value(config["activation"].clone()).context("config.activation")?,
        lrelu_alpha: config["lrelu_alpha"].as_f64().context("config.lrelu_alpha")?,
        batch_norm: config["batch_norm"].as_bool().context("config.batch_norm")?,
        border: if matches!(mode, "generation" | "animation") { Border::Grown } else { Border::Padded },
        // TF32 would miss the tolerances of the reference, which computed in f32.
        precision: kernels::Precision::F32,
    })
}

/// Both networks with the case's weights.
pub(super) fn networks(case: &Case, net: &NetConfig) -> Result<(Generator, Discriminator)> {
    let g = weights::generator(net, sizes(case)?.len(), part(case, "g.")?, &case.device)?;
    let d = weights::discriminator(net, part(case, "d.")?, &case.device)?;
    Ok((g, d))
}

pub(super) fn sizes(case: &Case) -> Result<Vec<(usize, usize)>> {
    serde_json::from_value(case.meta["sizes"].clone()).context("sizes")
}

/// The tensors whose name begins with `prefix`, without it.
fn part(case: &Case, prefix: &str) -> Result<HashMap<String, Tensor>> {
    let names = case.names()?;
    let names = names.iter().filter_map(|n| Some((n, n.strip_prefix(prefix)?)));
    names.map(|(full, name)| Ok((name.to_string(), tensor(case, full)?))).collect()
}

pub(super) fn tensor(case: &Case, name: &str) -> Result<Tensor> {
    let (shape, values) = case.get(name)?;
    let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
    Ok(Tensor::from_vec(values, shape, &case.device)?)
}

/// A picture or noise `[1, C, H, W]` of the case as we compute with it, `[1, H, W, C]`.
pub(super) fn picture(case: &Case, name: &str) -> Result<Tensor> {
    let tensor = tensor(case, name)?;
    if tensor.rank() != 4 {
        bail!("{name} has shape {:?}", tensor.dims());
    }
    Ok(train::pictures::to_nhwc(&tensor)?)
}

/// Values in the reference's order: pictures become `[1, C, H, W]` again.
pub(super) fn values(x: &Tensor) -> Result<Vec<f32>> {
    if x.rank() == 4 { flat(&train::pictures::to_nchw(x)?) } else { flat(x) }
}

pub(super) fn flat(x: &Tensor) -> Result<Vec<f32>> {
    Ok(x.flatten_all()?.to_vec1::<f32>()?)
}
