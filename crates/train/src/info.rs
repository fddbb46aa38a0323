//! What a run is and how far: the contents of `run.json`.

use crate::log::LogLengths;
use crate::{Label, Losses, Map, Preset, Task, TrainConfig};
use pyramid::Picture;
use serde::{Deserialize, Serialize};

/// Version of the run directory's format that this program writes. It reads version 1 as well.
pub const FORMAT: u32 = 2;

/// The contents of `run.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// Format version.
    pub format: u32,
    /// What the run was made for.
    pub task: Task,
    /// Where its settings came from.
    pub preset: Preset,
    /// The picture's file name.
    pub picture: String,
    /// The picture's height and width before it was scaled.
    pub picture_size: (usize, usize),
    /// Channels of the picture.
    pub channels: usize,
    /// The picture's colours as bytes, where it has no more than [`pyramid::Palette::MOST`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Vec<Vec<u8>>>,
    /// What the channels are; nothing for one picture in 8 bits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<Map>,
    /// The run directory whose last stage this run trains again, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The run's seed.
    pub seed: u64,
    /// Height and width of every stage.
    pub sizes: Vec<(usize, usize)>,
    /// Noise amplitudes of the stages that are done.
    pub amps: Vec<f64>,
    /// How many stages are done.
    pub stages_done: usize,
    /// Seconds that each finished stage took.
    pub seconds: Vec<f64>,
    /// The last losses of each finished stage.
    pub losses: Vec<Losses>,
    /// The finished stages at whose end samples were blank or the reconstruction was lost, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collapsed: Vec<usize>,
    /// How long the logs were when the last stage ended.
    pub logs: LogLengths,
}

impl RunInfo {
    /// That of a run of which nothing is trained yet.
    pub(crate) fn new(
        config: &TrainConfig,
        label: Label,
        picture_size: (usize, usize),
        pictures: &[Picture],
    ) -> Self {
        Self {
            format: FORMAT,
            task: label.task,
            preset: label.preset,
            picture: label.picture,
            picture_size,
            channels: pictures[0].channels(),
            palette: None,
            maps: label.maps,
            origin: None,
            seed: config.seed,
            sizes: pictures.iter().map(Picture::size).collect(),
            amps: Vec::new(),
            stages_done: 0,
            seconds: Vec::new(),
            losses: Vec::new(),
            collapsed: Vec::new(),
            logs: LogLengths::default(),
        }
    }

    /// Whether training has collapsed: samples of the last finished stage are blank.
    pub fn is_blank(&self) -> bool {
        self.stages_done.checked_sub(1).is_some_and(|last| self.collapsed.contains(&last))
    }

    /// Whether another program trained it ([`crate::Run::assemble`]): its losses and times are not known then.
    pub fn trained_elsewhere(&self) -> bool {
        self.stages_done > 0 && self.seconds.iter().all(|&s| s == 0.0)
    }

    /// Whether the values go with each other and with the settings.
    pub(crate) fn is_consistent(&self, config: &TrainConfig) -> bool {
        let n = self.stages_done;
        self.sizes.len() == config.train_stages
            && n <= self.sizes.len()
            && [self.amps.len(), self.seconds.len(), self.losses.len()] == [n; 3]
            && self.sizes.iter().all(|&(h, w)| h > 0 && w > 0 && h.max(w) <= 16_384)
            && (1..=pyramid::MAX_CHANNELS).contains(&self.channels)
            && (self.maps.is_empty() || self.maps.iter().map(Map::planes).sum::<usize>() == self.channels)
            && self.seed == config.seed
    }
}
