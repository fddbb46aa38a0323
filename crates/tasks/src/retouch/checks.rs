//! Checks of a run and of a naive picture before retouching.

use crate::{Error, Result, Task};
use ndarray::{Array3, s};
use pyramid::Picture;
use train::Run;

/// The task of a finished run that can retouch.
pub(crate) fn retouching_task(run: &Run) -> Result<Task> {
    let task = run.info.task;
    if !matches!(task, Task::Harmonization | Task::Editing) {
        return Err(Error::CannotRetouch { path: run.dir.clone(), task: task.name() });
    }
    if !run.is_finished() {
        return Err(Error::Unfinished { path: run.dir.clone() });
    }
    Ok(task)
}

/// The naive picture with the run's channels: gray is spread over RGB, alpha added (opaque) or left aside.
/// Fails where colours would be lost.
pub(crate) fn fitted(run: &Run, naive: &Picture) -> Result<Array3<f32>> {
    let (wanted, own) = (run.info.channels, naive.channels());
    if own >= 3 && wanted < 3 {
        let rgb = naive.pixels();
        let gray = rgb
            .outer_iter()
            .all(|row| row.outer_iter().all(|p| (p[0] - p[1]).abs() < 0.01 && (p[1] - p[2]).abs() < 0.01));
        if !gray {
            return Err(Error::InColour { path: run.dir.clone() });
        }
        let mut pixels = rgb.slice(s![.., .., ..1]).to_owned();
        if own == 4 {
            pixels = ndarray::concatenate![ndarray::Axis(2), pixels, rgb.slice(s![.., .., 3..])];
        }
        return fitted(run, &Picture::from_pixels(pixels)?);
    }
    let widened = naive.widened(wanted).into_pixels();
    // Any further channel is alpha, which the run does not have.
    Ok(if widened.dim().2 > wanted { widened.slice(s![.., .., ..wanted]).to_owned() } else { widened })
}
