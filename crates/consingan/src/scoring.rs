//! Quality of a run: figures, and a report.

use crate::source::Opened;
use crate::{Result, Run, Source};
use report::ReportRequest;
use sifid::Inception;
use std::path::Path;
use tasks::{EvaluateRequest, FolderQuality, Quality};
use train::{Map, Observer};

impl Run {
    /// Draws samples and scores them against the training picture. The observer is notified of every sample.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] for a run without a finished stage, where a figure cannot be computed, and
    /// where the observer stops it.
    pub fn evaluate(&self, request: EvaluateRequest<'_>, observer: &mut dyn Observer) -> Result<Quality> {
        Ok(tasks::evaluate_run(&self.run, &request, observer)?)
    }

    /// Writes a report of the run to an HTML file that needs nothing else, and returns the quality of the samples where
    /// they were scored. The observer is notified of every
    /// sample.
    ///
    /// # Errors
    /// [`crate::Error::Report`] where the run is damaged, the file cannot be written, or the observer stops
    /// it; nothing is written then.
    pub fn report(
        &self,
        path: impl AsRef<Path>,
        request: ReportRequest,
        observer: &mut dyn Observer,
    ) -> Result<Option<Quality>> {
        Ok(report::write_report(&self.run, &request, path.as_ref(), observer)?)
    }
}

/// Scores the pictures in a folder, made by any program, against their training picture; with SIFID if
/// Inception's weights are given. Contact sheets are skipped, files that cannot be read are left out. The observer is notified of every picture.
///
/// # Errors
/// [`crate::Error::Tasks`] for a folder of which no picture can be read or compared, and where the observer stops it.
pub fn evaluate_folder<'a>(
    samples: impl AsRef<Path>,
    real: impl Into<Source<'a>>,
    inception: Option<&Inception>,
    observer: &mut dyn Observer,
) -> Result<FolderQuality> {
    let Opened { picture, maps, .. } = real.into().open()?;
    let like = maps.first().map(Map::encoding);
    Ok(tasks::evaluate_folder(samples.as_ref(), &picture, like, inception, observer)?)
}
