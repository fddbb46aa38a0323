//! `consingan evaluate`: how real and how varied samples are.

use crate::arguments::{Json, Seed, Threads, count};
use crate::blank;
use crate::output::{Unprinted, counted, json_line, line};
use crate::progress::WorkShown;
use crate::refusal::refusal;
use crate::signals::Interrupt;
use anyhow::Result;
use clap::Args;
use consingan::{EvaluateRequest, Inception, Quality, SampleRequest, evaluate_folder};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The run directory
    #[arg(required_unless_present = "samples")]
    run: Option<PathBuf>,
    /// How many samples to draw, 1 to 10000
    #[arg(short, long, default_value_t = 50, allow_negative_numbers = true, value_parser = count(10_000))]
    n: u32,
    #[command(flatten)]
    seed: Seed,
    /// A folder of samples that any program made (contact sheets in it are skipped)
    #[arg(long, value_name = "DIR", requires = "real", conflicts_with = "run")]
    samples: Option<PathBuf>,
    /// The picture that they are samples of
    #[arg(long, value_name = "FILE", requires = "samples", conflicts_with = "run")]
    real: Option<PathBuf>,
    /// Add SIFID, with the weights of torchvision's inception_v3 as a safetensors file
    #[arg(long, value_name = "FILE")]
    inception: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(args: &EvaluateArgs) -> Result<ExitCode> {
    args.threads.apply();
    let inception = args.inception.as_deref().map(Inception::load).transpose()?;
    let stop = Interrupt::listen()?;
    let mut shown = WorkShown::new(&stop);
    let mut advice = None;
    let mut left_out = Vec::new();
    let quality = match (&args.run, &args.samples, &args.real) {
        (Some(dir), ..) => {
            let sample = SampleRequest { seed: args.seed.value, ..SampleRequest::default() };
            let request = EvaluateRequest { samples: args.n, sample, inception: inception.as_ref() };
            let run = consingan::open(dir)?;
            advice = blank::advice(&run);
            shown = shown.announced(format!("scoring {}", counted(args.n as usize, "sample")));
            run.evaluate(request, &mut shown)?
        }
        (None, Some(samples), Some(real)) => {
            let found = evaluate_folder(samples, real, inception.as_ref(), &mut shown)?;
            left_out = found.left_out.into_iter().map(|(path, error)| (path, error.to_string())).collect();
            found.quality
        }
        _ => return Err(refusal("nothing to evaluate", "name a run, or --samples DIR with --real FILE")),
    };
    drop(shown);
    for (_, reason) in &left_out {
        tracing::warn!("left out: {reason}");
    }
    if args.json.wanted {
        let mut value = json(&quality);
        let findings = quality.findings();
        if !findings.is_empty() && advice.is_none() {
            let texts = findings.iter().map(|f| format!("{f}: {}", f.remedy()));
            value["findings"] = texts.collect::<Vec<_>>().into();
        }
        if !left_out.is_empty() {
            let file = |(path, reason): &(PathBuf, String)| serde_json::json!({"file": path.display().to_string(), "reason": reason});
            value["left_out"] = left_out.iter().map(file).collect();
        }
        if let Some(advice) = advice {
            value["blank"] = true.into();
            value["advice"] = advice.into();
        }
        json_line(&value)?;
    } else {
        table(&quality)?;
        match advice {
            Some(advice) => line(&advice)?,
            None => quality.findings().iter().try_for_each(|f| line(&format!("{f}: {}", f.remedy())))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The figures under the names that scripts know; a figure that a picture is too small for is null.
fn json(quality: &Quality) -> serde_json::Value {
    let mut value = serde_json::json!({"samples": quality.report.samples.len()});
    for (name, figure) in quality.report.mean.figures() {
        value[name] = figure.into();
    }
    value["pixel_diversity"] = quality.report.pixel_diversity.into();
    value["sifid"] = quality.sifid.into();
    let floor = quality
        .floor
        .figures()
        .into_iter()
        .map(|(name, figure)| (name.to_string(), serde_json::json!(figure)));
    value["floor"] = floor.collect();
    value["floor"]["sifid"] = quality.floor_sifid.into();
    if let Some(alignment) = quality.alignment {
        value["alignment"] = alignment.samples.into();
        value["floor"]["alignment"] = alignment.real.into();
        value["others"] =
            quality.others.iter().map(|(name, quality)| (name.clone(), json(quality))).collect();
    }
    value
}

fn table(quality: &Quality) -> Result<(), Unprinted> {
    figures(quality)?;
    for (name, other) in &quality.others {
        line("")?;
        line(name)?;
        figures(other)?;
    }
    if let Some(alignment) = quality.alignment {
        let (samples, real) = (alignment.samples, alignment.real);
        line("")?;
        line(&format!(
            "edges of the pictures correlate by {samples:.3}, in the training pictures by {real:.3}"
        ))?;
    }
    Ok(())
}

fn figures(quality: &Quality) -> Result<(), Unprinted> {
    let number = |figure: Option<f64>| figure.map_or("-".into(), |f| format!("{f:.4}"));
    let samples = counted(quality.report.samples.len(), "sample");
    line(&format!("{samples:<22} {:>8} {:>8}", "mean", "floor"))?;
    for ((name, mean), (_, floor)) in quality.report.mean.figures().into_iter().zip(quality.floor.figures()) {
        line(&format!("{name:<22} {:>8} {:>8}", number(mean), number(floor)))?;
    }
    line(&format!("{:<22} {:>8}        -", "pixel_diversity", number(quality.report.pixel_diversity)))?;
    if quality.sifid.is_some() {
        line(&format!("{:<22} {:>8} {:>8}", "sifid", number(quality.sifid), number(quality.floor_sifid)))?;
    }
    Ok(())
}
