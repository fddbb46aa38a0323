//! The criterion benchmarks of `kernels`: run, then read from what criterion keeps of them.

use crate::programs::{cargo, target};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

/// A JSON object a benchmark: `name`, `median_ns`, and `per_second` where it says how many elements it works on.
pub(super) fn measure() -> Result<Vec<Value>> {
    let begun = SystemTime::now();
    if cargo(
        [
            "bench",
            "--package",
            "kernels",
            "--bench",
            "conv",
            "--bench",
            "ops",
            "--",
            "--warm-up-time",
            "1",
            "--measurement-time",
            "2",
        ],
        &[],
    )? != ExitCode::SUCCESS
    {
        bail!("cargo bench failed");
    }
    let mut results = Vec::new();
    collect(&target().join("criterion"), begun, &mut results)?;
    results.sort_by(|a: &Value, b| a["name"].as_str().cmp(&b["name"].as_str()));
    Ok(results)
}

/// Criterion keeps a folder `new` a benchmark; those older than `begun` are of benchmarks that are no more.
fn collect(folder: &Path, begun: SystemTime, results: &mut Vec<Value>) -> Result<()> {
    let file = folder.join("new/benchmark.json");
    let fresh = |path: &Path| path.metadata().and_then(|m| m.modified()).is_ok_and(|time| time >= begun);
    if fresh(&file) {
        let about = read(&file)?;
        let median = read(&folder.join("new/estimates.json"))?["median"]["point_estimate"].clone();
        let mut result = json!({"name": about["full_id"], "median_ns": median});
        if let (Some(elements), Some(ns)) = (about["throughput"]["Elements"].as_f64(), median.as_f64()) {
            result["per_second"] = json!(elements / ns * 1e9);
        }
        results.push(result);
    }
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, begun, results)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}
