//! `consingan evaluate`: how real and how varied samples are.

use crate::args::EvaluateArgs;
use crate::output::{BARS, line};
use anyhow::Result;
use indicatif::ProgressBar;
use std::io::IsTerminal;
use std::process::ExitCode;
use tasks::{Inception, Quality, SampleRequest, evaluate_folder, evaluate_run};
use train::Run;

pub(crate) fn run(args: &EvaluateArgs) -> Result<ExitCode> {
    args.threads.apply();
    let inception = args.inception.as_deref().map(Inception::load).transpose()?;
    let bar =
        if std::io::stderr().is_terminal() { BARS.add(ProgressBar::new(0)) } else { ProgressBar::hidden() };
    let progress = |done: u32| bar.set_position(done.into());
    let quality = match (&args.run, &args.samples, &args.real) {
        (Some(dir), ..) => {
            bar.set_length(args.n.into());
            let request = SampleRequest { seed: args.seed, ..SampleRequest::default() };
            evaluate_run(&Run::open(dir)?, args.n, &request, inception.as_ref(), progress)?
        }
        (None, Some(samples), Some(real)) => evaluate_folder(samples, real, inception.as_ref(), progress)?,
        _ => anyhow::bail!("name a run, or --samples DIR with --real FILE"),
    };
    bar.finish_and_clear();
    if args.json {
        line(&json(&quality).to_string());
    } else {
        table(&quality);
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
    value
}

fn table(quality: &Quality) {
    let number = |figure: Option<f64>| figure.map_or("-".into(), |f| format!("{f:.4}"));
    line(&format!("{} samples               mean    floor", quality.report.samples.len()));
    for ((name, mean), (_, floor)) in quality.report.mean.figures().into_iter().zip(quality.floor.figures()) {
        line(&format!("{name:<22} {:>8} {:>8}", number(mean), number(floor)));
    }
    line(&format!("{:<22} {:>8}        -", "pixel_diversity", number(quality.report.pixel_diversity)));
    if quality.sifid.is_some() {
        line(&format!("{:<22} {:>8} {:>8}", "sifid", number(quality.sifid), number(quality.floor_sifid)));
    }
}
