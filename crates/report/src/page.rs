//! Builds the report of a run as a single HTML file for any screen.
//!
//! The file contains everything: pictures as `data:` addresses, curves as SVG, a style with a light and a
//! dark mode, and a short script that enlarges pictures. The same run gives the same bytes. All text from
//! outside, such as the name of the picture, is escaped.

use crate::html::{Image, escape};
use crate::{Result, facts, figures, losses, stages};
use candle_core::Device;
use pyramid::Picture;
use std::path::Path;
use tasks::{Quality, SampleRequest, Sampler, score};
use train::{Observer, Run, Work};

/// What to add to the content of the run directory in a report.
#[derive(Clone, Copy, Debug)]
pub struct ReportRequest {
    /// The number of fresh samples to draw. The first of them, at most 8, are shown.
    pub samples: u32,
    /// Whether to score the samples against the training picture.
    pub scored: bool,
    /// The seed of the samples' noise; the run's plus 1 where none is given, which gives other samples than the sheets of the
    /// stages show.
    pub seed: Option<u64>,
}

impl Default for ReportRequest {
    fn default() -> Self {
        Self { samples: 16, scored: true, seed: None }
    }
}

/// The largest number of fresh samples that are shown.
const SHOWN: usize = 8;
/// The largest number of pixels of all samples that are shown. The first sample is always shown.
const SHOWN_PIXELS: usize = 8 << 20;

/// Writes the report of `run` to `path`, and returns the quality of the samples where they were scored. The report of an unfinished run shows what exists so far. The observer is
/// notified of every sample.
///
/// # Errors
/// As [`report`], and [`crate::Error::File`] where `path` cannot be written.
pub fn write_report(
    run: &Run,
    request: &ReportRequest,
    path: &Path,
    observer: &mut dyn Observer,
) -> Result<Option<Quality>> {
    let (html, quality) = page(run, request, observer)?;
    files::write(path, html.as_bytes())?;
    Ok(quality)
}

/// Returns the report of `run` as HTML. The observer is notified of every sample.
///
/// # Errors
/// [`crate::Error::Train`], [`crate::Error::Tasks`] and [`crate::Error::Picture`] where the run's own files
/// are damaged; [`crate::Error::Settings`] where its settings cannot be written as text;
/// [`crate::Error::Tasks`] also where the observer stops it. Sheets, curves and the like that are missing are
/// not errors.
pub fn report(run: &Run, request: &ReportRequest, observer: &mut dyn Observer) -> Result<String> {
    Ok(page(run, request, observer)?.0)
}

/// The report, and the quality of the samples where they were scored.
fn page(
    run: &Run,
    request: &ReportRequest,
    observer: &mut dyn Observer,
) -> Result<(String, Option<Quality>)> {
    let real = run.first_map(&train::picture(&run.real(run.info.stages_done.max(1) - 1, &Device::Cpu)?)?)?;
    let fresh = fresh(run, request, &real, observer)?;
    let log = losses::read(run);
    let title = escape(&run.info.picture);
    let parts = [
        facts::header(run, &log),
        pictures(run, &fresh.shown)?,
        figures::section(fresh.quality.as_ref()),
        stages::section(run, &log),
        facts::section(run, &log)?,
    ];
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}: ConSinGAN report</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n<main>\n{}</main>\n{}\n<script>\n{}</script>\n</body>\n</html>\n",
        include_str!("style.css"),
        parts.concat(),
        "<dialog aria-label=\"Enlarged picture\"><form method=\"dialog\"><p></p><button>close</button></form><div><img alt=\"\"></div></dialog>",
        include_str!("script.js"),
    );
    Ok((html, fresh.quality))
}

/// The samples that are shown, and the scores of all samples that were drawn.
struct Fresh {
    shown: Vec<Picture>,
    quality: Option<Quality>,
}

/// Draws the samples that the request asks for, and scores them if it says so.
fn fresh(run: &Run, request: &ReportRequest, real: &Picture, observer: &mut dyn Observer) -> Result<Fresh> {
    let mut shown: Vec<Picture> = Vec::new();
    if run.info.stages_done == 0 || request.samples == 0 {
        return Ok(Fresh { shown, quality: None });
    }
    let seed = request.seed.unwrap_or(run.info.seed + 1);
    let sampler = Sampler::new(run, &SampleRequest { seed, ..SampleRequest::default() }, &Device::Cpu)?;
    let (h, w) = sampler.size();
    let most = (SHOWN_PIXELS / (h * w)).clamp(1, SHOWN);
    let mut sample = |index: u32| -> tasks::Result<Picture> {
        let picture = run.first_map(&train::picture(&sampler.sample(index)?)?)?;
        if shown.len() < most {
            shown.push(picture.clone());
        }
        Ok(picture)
    };
    let quality = if request.scored {
        Some(score(real, request.samples, None, sample, observer)?)
    } else {
        let count = request.samples.min(most as u32);
        for index in 0..count {
            sample(index)?;
            let done = observer.progress(Work::Drawing, index as usize + 1, count as usize);
            done.map_err(tasks::Error::from)?;
        }
        None
    };
    Ok(Fresh { shown, quality })
}

/// The section with the training picture, fresh samples, and the pyramid.
fn pictures(run: &Run, samples: &[Picture]) -> Result<String> {
    let last = run.info.sizes.len() - 1;
    let real = Image::of(&run.first_map(&train::picture(&run.real(last, &Device::Cpu)?)?)?)?;
    let (h, w) = run.info.sizes[last];
    let mut html = format!(
        "<section>\n<h2>The picture</h2>\n{}",
        real.figure("training picture", &format!("As it is trained on, {h}x{w}."), 480)
    );
    if !samples.is_empty() {
        html += "<h2>Fresh samples</h2>\n<p>New pictures from the generator. Select one to enlarge it.</p>\n<div class=\"tiles\">\n";
        for (index, sample) in samples.iter().enumerate() {
            html += &Image::of(sample)?.button(&format!("sample {index}"), 250);
        }
        html += "</div>\n";
    }
    if let Some(image) = Image::read(&run.dir.join("pyramid.png")) {
        let caption = "What the stages are trained on, coarsest first: each learns to turn the result below into its own size.";
        html += &format!("<h2>The pyramid</h2>\n{}", image.figure("all stages' pictures", caption, 1000));
    }
    Ok(html + "</section>\n")
}
