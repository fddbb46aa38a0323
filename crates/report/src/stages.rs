//! The section with the sample sheet and the losses of each stage.

use crate::chart::{Chart, Line};
use crate::duration;
use crate::html::{Image, escape};
use crate::losses::{Curves, Log};
use train::Run;

/// The section with an article for each stage that has begun.
pub(crate) fn section(run: &Run, log: &Log) -> String {
    let begun = log.stages.len().max(run.info.stages_done).min(run.info.sizes.len());
    let mut html = String::from("<section>\n<h2>Stage by stage</h2>\n");
    if begun == 0 {
        return html + "<p>No stage has begun yet.</p>\n</section>\n";
    }
    html += "<p>Each sheet shows the picture first, then samples. The critic scores patches of the picture and of samples; \
             the closer the two lines come, the harder samples are to tell from the picture. The reconstruction loss says how \
             well the fixed noise gives the picture back. Dashed: the learning rate falls. The numbers are the last ones.</p>\n";
    for stage in 0..begun {
        html += &one(run, stage, log.stages.get(stage));
    }
    html + "</section>\n"
}

/// The article of one stage.
fn one(run: &Run, stage: usize, curves: Option<&Curves>) -> String {
    let (h, w) = run.info.sizes[stage];
    let time = match run.info.seconds.get(stage) {
        _ if run.info.trained_elsewhere() => String::new(),
        None => ", under way".into(),
        Some(s) => format!(", {}", duration(*s)),
    };
    let mut html = format!("<article>\n<h3>Stage {stage} <small>{h}x{w}{time}</small></h3>\n");
    for note in curves.map_or(&[][..], |c| &c.notes) {
        html += &format!("<p class=\"note\">{}</p>\n", escape(note));
    }
    html += "<div class=\"stage\">\n";
    if let Some(sheet) = Image::read(&run.dir.join(format!("samples/stage-{stage}.png"))) {
        html += &sheet.button(&format!("stage {stage}: the picture, then samples"), 480);
    }
    if let Some(curves) = curves {
        html += &format!("<div class=\"charts\">\n{}</div>\n", charts(run, curves));
    }
    html + "</div>\n</article>\n"
}

/// The four charts of the losses of a stage.
fn charts(run: &Run, curves: &Curves) -> String {
    let [real, fake, penalty, adversarial, reconstruction] = curves.losses.each_ref().map(Vec::as_slice);
    let niter = run.config.niter;
    let falls = (0..niter).rev().find(|&i| run.config.rate_factor(i) == 1.0).filter(|&i| i + 1 < niter);
    let chart = |title, axis, lines: &[Line<'_>], logarithmic| {
        Chart { title, axis, lines, until: niter as f64, mark: falls.map(|i| (i + 1) as f64), logarithmic }
            .html()
    };
    [
        chart("Critic", "score", &[("picture", real), ("samples", fake)], false),
        chart("Reconstruction", "loss", &[("", reconstruction)], true),
        chart("Generator, adversarial", "loss", &[("", adversarial)], false),
        chart("Gradient penalty", "loss", &[("", penalty)], true),
    ]
    .concat()
}
