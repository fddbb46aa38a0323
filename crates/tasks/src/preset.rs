//! The settings of the presets.

use train::{GuardKind, Preset, TrainConfig};

/// The presets that a run can be made with; the others are names for settings that come from elsewhere.
pub const PRESETS: [Preset; 3] = [Preset::Quick, Preset::Auto, Preset::Paper];

/// A preset's numbers for generation. `Quick`: a few minutes on two CPU cores, new arrangements of the picture, less sharp than the
/// paper's. `Auto`: what [`crate::fit_to_time`] begins from. All others: the paper's and its official program's.
pub(crate) fn config(preset: Preset) -> TrainConfig {
    match preset {
        Preset::Quick | Preset::Auto => TrainConfig {
            niter: 850,
            train_stages: 5,
            max_size: 100,
            lr_scale: 0.5,
            guard: GuardKind::All,
            ..TrainConfig::default()
        },
        Preset::Paper | Preset::Official | Preset::Custom => TrainConfig::default(),
    }
}
