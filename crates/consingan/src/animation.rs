//! Animations of a run.

use crate::{FrameFormat, Result, Run};
use candle_core::Tensor;
use pyramid::{Palette, Picture};
use std::path::Path;
use tasks::AnimateRequest;
use train::{Observer, Output, Work};

/// An animation that is drawn frame by frame, an iterator over pictures.
#[derive(Debug)]
pub struct Animation {
    walk: tasks::Animation,
    frames: u32,
    output: Output,
    shown: usize,
}

impl Run {
    /// Begins an animation.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] for values outside their ranges, and for a run without a finished stage.
    pub fn animation(&self, request: AnimateRequest) -> Result<Animation> {
        let walk = tasks::Animation::new(&self.run, &request, &self.device)?;
        Ok(Animation { walk, frames: request.frames, output: self.output()?, shown: 0 })
    }
}

impl Animation {
    /// The same animation with its pictures mapped to these colours.
    pub fn in_colours(self, palette: Palette) -> Self {
        Self { output: Output { palette: Some(palette), ..self.output }, ..self }
    }

    /// The same animation of map number `shown`, where the run generates several.
    pub fn of_map(self, shown: usize) -> Self {
        Self { shown: shown.min(self.output.maps.len() - 1), ..self }
    }

    /// The next frame as a tensor, `[1, H, W, C]` in [-1, 1]; `None` after the last one.
    ///
    /// # Errors
    /// [`crate::Error::Tasks`] where the memory does not suffice.
    pub fn next_tensor(&mut self) -> Option<Result<Tensor>> {
        Some(self.walk.next()?.map_err(Into::into))
    }

    /// Writes the frames that are left to a file, or for [`FrameFormat::Png`] to a new directory, `fps` of
    /// them a second, and returns how many there are. The observer is notified of every frame.
    ///
    /// # Errors
    /// [`crate::Error::Frames`] for rates and sizes that the format does not have, and where the place cannot
    /// be written to; [`crate::Error::Stopped`] where the observer stops it. Nothing is written then.
    pub fn save(
        self,
        path: impl AsRef<Path>,
        format: FrameFormat,
        fps: f64,
        observer: &mut dyn Observer,
    ) -> Result<usize> {
        let total = self.frames as usize;
        let frames = self.enumerate().map(|(index, frame)| {
            observer.progress(Work::Frames, index + 1, total)?;
            frame
        });
        frames::write(frames, fps, format, path.as_ref())
    }
}

impl Iterator for Animation {
    type Item = Result<Picture>;

    fn next(&mut self) -> Option<Self::Item> {
        let picture = self.next_tensor()?.and_then(|frame| Ok(train::picture(&frame)?));
        let shown = |picture: Picture| Ok(self.output.pictures(&picture)?.swap_remove(self.shown).visible());
        Some(picture.and_then(shown))
    }
}
