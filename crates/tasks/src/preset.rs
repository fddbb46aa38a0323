//! Named configurations.

use train::{GuardKind, TrainConfig};

/// A named configuration for generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// A few minutes on two CPU cores: new arrangements of the picture, less sharp than the paper's.
    #[default]
    Quick,
    /// What the picture and a time budget allow, see [`crate::fit_to_time`]; these are the numbers it begins from.
    Auto,
    /// The paper's and its official program's numbers.
    Paper,
}

impl Preset {
    /// All presets.
    pub const ALL: [Preset; 3] = [Preset::Quick, Preset::Auto, Preset::Paper];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Quick => "quick",
            Preset::Auto => "auto",
            Preset::Paper => "paper",
        }
    }

    /// The preset of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Preset::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Its numbers.
    pub fn config(self) -> TrainConfig {
        match self {
            Preset::Quick | Preset::Auto => TrainConfig {
                niter: 850,
                train_stages: 5,
                max_size: 100,
                lr_scale: 0.5,
                guard: GuardKind::All,
                ..TrainConfig::default()
            },
            Preset::Paper => TrainConfig::default(),
        }
    }
}
