//! The section with the quality figures and their meaning.

use crate::html::escape;
use tasks::Quality;

/// The figures in the order of the table: key, name, good direction, and explanation.
const FIGURES: [(&str, &str, &str, &str); 10] = [
    (
        "patch_realism",
        "Patch realism",
        "low",
        "How far the samples' patches are from the nearest of the picture. High: smears or noise.",
    ),
    ("patch_realism_2", "Patch realism, 1/2", "low", "The same at half the size: coarser structure."),
    (
        "pixel_diversity",
        "Pixel diversity",
        "high",
        "How much samples differ from each other, relative to the picture's contrast. Near 0: always the same picture.",
    ),
    (
        "patch_swd",
        "Patch distance",
        "low",
        "Whether patches occur as often as in the picture (sliced Wasserstein).",
    ),
    ("patch_swd_2", "Patch distance, 1/2", "low", "The same at half the size."),
    ("patch_swd_4", "Patch distance, 1/4", "low", "The same at a quarter: layout and colours."),
    (
        "patch_completeness",
        "Patch completeness",
        "low",
        "How far the picture's patches are from the samples' nearest. High: parts of the picture never occur.",
    ),
    ("patch_completeness_2", "Patch completeness, 1/2", "low", "The same at half the size."),
    ("coverage", "Coverage", "high", "The share of the picture's patches that samples make use of."),
    (
        "copy_rate",
        "Copy rate",
        "below 1",
        "The share of neighbouring patches that are neighbours in the picture too. Near 1: samples are copies.",
    ),
];

/// The table of the figures of the samples, next to those of the mirrored picture (the floor).
pub(crate) fn section(quality: Option<&Quality>) -> String {
    let mut html = String::from("<section>\n<h2>Figures</h2>\n");
    let Some(quality) = quality else {
        return html
            + "<p>Not measured here. A report that draws samples of a run with a finished stage measures them.</p>\n</section>\n";
    };
    let (mean, floor) = (quality.report.mean.figures(), quality.floor.figures());
    let find = |figures: &[(&str, Option<f64>)], key| figures.iter().find(|f| f.0 == key).and_then(|f| f.1);
    let number = |figure: Option<f64>| figure.map_or_else(|| "-".into(), |f| format!("{f:.4}"));
    let count = quality.report.samples.len();
    let source = if count == 1 { "One sample".into() } else { format!("Mean of {count} samples") };
    html += &format!(
        "<p>{source}, beside the floor: what the picture's mirror image scores, a different picture of the same things. \
         No figure says it all: a blur has a small patch distance, a copy perfect realism, noise great diversity. \
         Realism and diversity together tell most.</p>\n\
         <table class=\"figures\">\n<thead><tr><th>figure</th><th>samples</th><th>floor</th><th>good</th></tr></thead>\n"
    );
    for (key, name, good, explanation) in FIGURES {
        let value = if key == "pixel_diversity" { quality.report.pixel_diversity } else { find(&mean, key) };
        html += &format!(
            "<tbody><tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{good}</td></tr>\
             <tr><td colspan=\"4\">{}</td></tr></tbody>\n",
            escape(name),
            number(value),
            number(find(&floor, key)),
            escape(explanation)
        );
    }
    html += "</table>\n";
    for finding in quality.findings() {
        let (what, remedy) = (escape(&finding.to_string()), escape(finding.remedy()));
        html += &format!("<p><strong>{what}.</strong> What to try: {remedy}.</p>\n");
    }
    html + "</section>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_explained() {
        let explained: Vec<&str> = FIGURES.iter().map(|f| f.0).collect();
        for (key, _) in metrics::SampleReport::default().figures() {
            assert!(explained.contains(&key), "{key}");
        }
    }
}
