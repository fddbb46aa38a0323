//! Runs of format 1: what their files leave to the preset's name is completed when they are read.
//!
//! Their losses and optimizer steps are arrays where later formats have named fields; [`crate::Losses`] reads both.

use crate::{Preset, RetouchConfig, RunInfo, Task, TrainConfig, Transfer};

/// The version of the format.
pub(crate) const VERSION: u32 = 1;

/// Puts into `config` the settings that the program of that time derived from the names of task and preset.
pub(crate) fn complete(config: &mut TrainConfig, info: &RunInfo) {
    let quick = matches!(info.preset, Preset::Quick | Preset::Auto);
    let retouch = match (info.task, quick) {
        (Task::Harmonization, true) => {
            RetouchConfig { restore: true, transfer: Transfer::Colours, fine_tune_niter: Some(40) }
        }
        (Task::Editing, true) => {
            RetouchConfig { restore: false, transfer: Transfer::Seams, fine_tune_niter: Some(40) }
        }
        (Task::Harmonization | Task::Editing, false) => RetouchConfig::OFFICIAL,
        _ => return,
    };
    // Settings that are there were written when the run was last gone on with, just before `run.json` would have said so.
    config.retouch.get_or_insert(retouch);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use ndarray::Array3;
    use pyramid::Picture;

    #[test]
    fn settings_follow_from_the_names() -> crate::Result<()> {
        let picture = Picture::from_pixels(Array3::zeros((3, 3, 1)))?;
        let completed = |task, preset, retouch| {
            let mut config = TrainConfig { retouch, ..TrainConfig::default() };
            let label = Label { task, preset, picture: "picture".into(), maps: Vec::new() };
            let info = RunInfo::new(&config, label, (3, 3), std::slice::from_ref(&picture));
            complete(&mut config, &info);
            config.retouch
        };
        for preset in Preset::ALL {
            for task in
                [Task::Generation, Task::Retarget, Task::Animation, Task::Paint, Task::SuperResolution]
            {
                assert_eq!(completed(task, preset, None), None);
            }
            let quick = matches!(preset, Preset::Quick | Preset::Auto);
            for (task, restore, transfer) in
                [(Task::Harmonization, true, Transfer::Colours), (Task::Editing, false, Transfer::Seams)]
            {
                let own = RetouchConfig { restore, transfer, fine_tune_niter: Some(40) };
                let expected = if quick { own } else { RetouchConfig::OFFICIAL };
                assert_eq!(completed(task, preset, None), Some(expected));
                let stored = RetouchConfig { fine_tune_niter: Some(7), ..own };
                assert_eq!(completed(task, preset, Some(stored)), Some(stored));
            }
        }
        Ok(())
    }
}
