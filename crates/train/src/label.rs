//! What a run is called and made for. These are names: the settings that they stand for are chosen by whoever creates the run.

use crate::Map;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a run is called and made for; training stores it and does not look at it.
#[derive(Clone, Debug)]
pub struct Label {
    /// What it is trained for.
    pub task: Task,
    /// Where its settings came from.
    pub preset: Preset,
    /// The picture's file name.
    pub picture: String,
    /// What the channels of the picture are; nothing for one picture in 8 bits.
    pub maps: Vec<Map>,
}

/// What a run is trained for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// New pictures from noise.
    #[default]
    Generation,
    /// New pictures of other sizes and shapes.
    Retarget,
    /// Pictures that move.
    Animation,
    /// What was pasted into a picture gets the colours that it would have had in it.
    Harmonization,
    /// Parts of a picture that were moved are joined to their new surroundings.
    Editing,
    /// Paintings become pictures.
    Paint,
    /// A picture enlarged.
    SuperResolution,
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 7] = [
        Self::Generation,
        Self::Retarget,
        Self::Animation,
        Self::Harmonization,
        Self::Editing,
        Self::Paint,
        Self::SuperResolution,
    ];

    /// The name on the command line and in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generation => "generation",
            Self::Retarget => "retarget",
            Self::Animation => "animation",
            Self::Harmonization => "harmonization",
            Self::Editing => "editing",
            Self::Paint => "paint",
            Self::SuperResolution => "super-resolution",
        }
    }

    /// The task of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

/// Where a run's settings came from. Nothing is decided by it: what matters is in the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// A few minutes on two CPU cores.
    #[default]
    Quick,
    /// Chosen for the picture and a time budget.
    Auto,
    /// The paper's numbers.
    Paper,
    /// Those of a model that the official program trained.
    Official,
    /// The caller's own.
    Custom,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 5] = [Self::Quick, Self::Auto, Self::Paper, Self::Official, Self::Custom];

    /// The name on the command line and in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Auto => "auto",
            Self::Paper => "paper",
            Self::Official => "official",
            Self::Custom => "custom",
        }
    }

    /// The preset of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || de::Error::custom(format!("the task \"{name}\" is not known to this program"));
        Self::from_name(&name).ok_or_else(unknown)
    }
}

impl Serialize for Preset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Any other name is that of somebody's own settings.
impl<'de> Deserialize<'de> for Preset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_name(&String::deserialize(deserializer)?).unwrap_or(Self::Custom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() -> serde_json::Result<()> {
        for task in Task::ALL {
            assert_eq!(serde_json::from_str::<Task>(&serde_json::to_string(&task)?)?, task);
        }
        for preset in Preset::ALL {
            assert_eq!(serde_json::from_str::<Preset>(&serde_json::to_string(&preset)?)?, preset);
        }
        assert_eq!(serde_json::from_str::<Preset>("\"none\"")?, Preset::Custom);
        assert!(serde_json::from_str::<Task>("\"knitting\"").is_err());
        Ok(())
    }
}
