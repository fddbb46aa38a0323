//! The page of the docs that is made from the measurements.

use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "\
# Benchmarks

Made by `cargo xtask bench`; do not edit. It writes the same numbers to `target/bench/*.json`, and a workflow keeps
those of every commit on the branch `benchmarks`. [PERFORMANCE.md](PERFORMANCE.md) says what they mean and how they
compare with PyTorch, and [METRICS.md](METRICS.md) explains the figures of samples.
";

/// The page for the parts that were measured, by name.
pub(super) fn markdown(parts: &[(&str, Value)]) -> String {
    let mut page = String::from(HEAD);
    for (name, part) in parts {
        let (machine, commit) = (&part["machine"], part["commit"].as_str().unwrap_or_default());
        let cpu = machine["cpu"].as_str().unwrap_or_default();
        let results = part["results"].as_array().map_or(&[][..], Vec::as_slice);
        let title = match *name {
            "steps" => "Training step, the paper's settings",
            "kernels" => "Operations",
            _ => "Quality of the default preset",
        };
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {title}\n\n{cpu}, {} cores, {}; commit {commit}.\n\n",
            machine["cores"],
            text(&machine["os"])
        );
        page += &match *name {
            "steps" => steps(results),
            "kernels" => kernels(results),
            _ => quality(results),
        };
    }
    page
}

fn steps(results: &[Value]) -> String {
    let mut table = String::from("| stage | size | ms per iteration | floor ms |\n|---|---|---|---|\n");
    let mut total = (0.0, 0.0);
    for r in results {
        let (ms, floor) = (r["ms_per_iter"].as_f64().unwrap_or(0.0), r["floor_ms"].as_f64().unwrap_or(0.0));
        total = (total.0 + ms, total.1 + floor);
        let size = format!("{}x{}", r["size"][0], r["size"][1]);
        table += &format!("| {} | {size} | {ms:.1} | {floor:.1} |\n", r["stage"]);
    }
    let minutes = |ms: f64| ms * 2000.0 / 6e4;
    table
        + &format!("| 2000 iterations each | | {:.1} min | {:.1} min |\n", minutes(total.0), minutes(total.1))
}

fn kernels(results: &[Value]) -> String {
    let mut table = String::from(
        "| benchmark | median | G elements/s (operations, where it is a convolution) |\n|---|---|---|\n",
    );
    for r in results {
        let ms = r["median_ns"].as_f64().unwrap_or(0.0) / 1e6;
        let rate = r["per_second"].as_f64().map_or("-".into(), |rate| format!("{:.1}", rate / 1e9));
        table += &format!("| {} | {ms:.3} ms | {rate} |\n", text(&r["name"]));
    }
    table
}

const FIGURES: [&str; 5] =
    ["patch_realism", "patch_swd", "patch_completeness", "copy_rate", "pixel_diversity"];

fn quality(results: &[Value]) -> String {
    let mut table = String::from("| picture | seconds |");
    for name in FIGURES {
        table += &format!(" {} |", name.replace('_', " "));
    }
    table += "\n|---|---|---|---|---|---|---|\n";
    for r in results {
        table += &format!("| {} | {} |", text(&r["picture"]), r["seconds"]);
        for name in FIGURES {
            let number = |value: &Value| value.as_f64().map(|v| format!("{v:.4}"));
            let floor = number(&r["figures"]["floor"][name]).map_or(String::new(), |f| format!(" ({f})"));
            table += &format!(" {}{floor} |", number(&r["figures"][name]).unwrap_or("-".into()));
        }
        table.push('\n');
    }
    table + "\nThe numbers in brackets are the floor, which is what the picture's own mirror image scores.\n"
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
