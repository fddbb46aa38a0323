//! Harmonizing and editing pictures that were changed by hand.

use crate::source::make_at;
use crate::{Result, Run, Source};
use std::ffi::OsString;
use std::path::PathBuf;
use tasks::{RetouchRequest, Retouched, fine_tune_niter};
use train::Observer;

/// The settings of fine-tuning a run on the picture that it will retouch.
#[derive(Clone, Debug, Default)]
pub struct FineTuneRequest {
    /// Iterations, 1 to 1000000. The default is that of the run's settings.
    pub niter: Option<usize>,
    /// The run directory to create. The default is `RUN-fine-tuned` beside the run's own, with a number if
    /// that exists.
    pub out: Option<PathBuf>,
}

impl Run {
    /// Retouches a picture into which something was pasted, or in which parts were moved, with a run that was
    /// trained for harmonization or editing. The observer is notified of its steps.
    ///
    /// # Errors
    /// [`crate::Error::Picture`] where the picture cannot be read, [`crate::Error::Tasks`] for other runs,
    /// unfinished ones, masks and colours that do not work, and where the observer stops it.
    pub fn retouch<'a>(
        &self,
        naive: impl Into<Source<'a>>,
        request: RetouchRequest<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Retouched> {
        let naive = naive.into().picture()?;
        Ok(tasks::retouch(&self.run, &naive, &request, observer)?)
    }

    /// Makes a new run, which is this one with its last stage to be trained further on a picture that it is
    /// to retouch. [`Run::train`] trains it.
    ///
    /// # Errors
    /// As [`Run::retouch`], and where the new directory exists or cannot be made.
    pub fn fine_tune<'a>(&self, naive: impl Into<Source<'a>>, request: FineTuneRequest) -> Result<Self> {
        let naive = naive.into().picture()?;
        let niter = request.niter.unwrap_or_else(|| fine_tune_niter(&self.run));
        let run = make_at(request.out.as_deref(), &self.place_beside("-fine-tuned")?, |dir| {
            Ok(tasks::fine_tune(dir, &self.run, &naive, niter)?)
        })?;
        Ok(Self { run, device: self.device.clone() })
    }

    /// A name for a run directory beside this one's.
    fn place_beside(&self, addition: &str) -> Result<PathBuf> {
        let dir = &self.run.dir;
        // A path like `..` has no name of its own.
        let whole = dir.canonicalize().map_err(files::Error::io(dir))?;
        let mut name = OsString::from(whole.file_name().unwrap_or_default());
        name.push(addition);
        Ok(dir.with_file_name(name))
    }
}
