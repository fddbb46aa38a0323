//! A run on disk: what it is, how far it is, its pictures, networks and noise.
//!
//! ```text
//! RUN/config.toml             the resolved configuration
//!     run.json                format version, sizes, amplitudes, progress
//!     pyramid.safetensors     real.K: the training pictures, [1, C, H, W] in [-1, 1]
//!     pyramid.png             the same to look at
//!     events.jsonl, events.out.tfevents...   losses
//!     stage-K/{generator,discriminator}.safetensors
//!     fixed_noise.safetensors fixed.K
//!     samples/stage-K.png     the picture and samples at the end of stage K
//!     checkpoint.safetensors  only while a stage is under way
//!     first_input.safetensors only where a stage of another run was trained again: what stage 0 was fed with
//! ```

use crate::files::{read_tensors, remove_temporary, to_nhwc, write};
use crate::log::LogLengths;
use crate::{Error, Result, TrainConfig};
use candle_core::{Device, Tensor};
use model::{Discriminator, Generator};
use pyramid::Picture;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of the format that this program writes, and the only one it reads.
pub const FORMAT: u32 = 1;

pub(crate) const PYRAMID: &str = "pyramid.safetensors";
pub(crate) const FIXED_NOISE: &str = "fixed_noise.safetensors";
pub(crate) const FIRST_INPUT: &str = "first_input.safetensors";

/// The contents of `run.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// Format version.
    pub format: u32,
    /// What the run was made for.
    pub task: String,
    /// The preset it was made with.
    pub preset: String,
    /// The picture's file name.
    pub picture: String,
    /// The picture's height and width before it was scaled.
    pub picture_size: (usize, usize),
    /// Channels of the picture.
    pub channels: usize,
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
    /// The last losses of each finished stage ([`crate::Losses::NAMES`]).
    pub losses: Vec<[f32; 5]>,
    /// How long the logs were when the last stage ended.
    pub logs: LogLengths,
}

/// What a run is called and made for; `train` stores it and does not look at it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The task.
    pub task: String,
    /// The preset.
    pub preset: String,
    /// The picture's file name.
    pub picture: String,
}

/// An opened run directory.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where it is.
    pub dir: PathBuf,
    /// What it is trained with.
    pub config: TrainConfig,
    /// What it is and how far.
    pub info: RunInfo,
}

impl RunInfo {
    /// That of a run of which nothing is trained yet.
    pub(crate) fn new(
        config: &TrainConfig,
        label: Label,
        picture_size: (usize, usize),
        pictures: &[Picture],
    ) -> Self {
        RunInfo {
            format: FORMAT,
            task: label.task,
            preset: label.preset,
            picture: label.picture,
            picture_size,
            channels: pictures[0].channels(),
            origin: None,
            seed: config.seed,
            sizes: pictures.iter().map(Picture::size).collect(),
            amps: Vec::new(),
            stages_done: 0,
            seconds: Vec::new(),
            losses: Vec::new(),
            logs: LogLengths::default(),
        }
    }

    /// Whether another program trained it ([`Run::assemble`]): its losses and times are not known then.
    pub fn trained_elsewhere(&self) -> bool {
        self.stages_done > 0 && self.seconds.iter().all(|&s| s == 0.0)
    }
}

impl Run {
    /// Opens the run in `dir`. Fails with the reason if it is none, of another version, or damaged.
    pub fn open(dir: &Path) -> Result<Self> {
        if !dir.is_dir() {
            let what = if dir.exists() { "is a file" } else { "no such run directory" };
            return Err(Error::run(dir, format!("{what}; name a directory that `consingan train` made")));
        }
        let file = dir.join("run.json");
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let reason = "is no run directory, it has no run.json; name one that `consingan train` made";
                return Err(Error::run(dir, reason));
            }
            Err(e) => return Err(Error::io(&file)(e)),
        };
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let damaged = |file: &Path, e: &dyn std::fmt::Display| {
            Error::run(file, format!("is damaged ({e}); put a whole copy of it back or train anew"))
        };
        let version: Version = serde_json::from_str(&text).map_err(|e| damaged(&file, &e))?;
        if version.format != FORMAT {
            let reason = format!(
                "has format version {}, this program reads version {FORMAT}; use the program that wrote it",
                version.format
            );
            return Err(Error::run(&file, reason));
        }
        let info: RunInfo = serde_json::from_str(&text).map_err(|e| damaged(&file, &e))?;
        let file = dir.join("config.toml");
        let text = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
        let config: TrainConfig =
            toml::from_str(&text).map_err(|e: toml::de::Error| damaged(&file, &e.message()))?;
        config.check()?;
        let n = info.stages_done;
        if info.sizes.len() != config.train_stages
            || n > info.sizes.len()
            || [info.amps.len(), info.seconds.len(), info.losses.len()] != [n; 3]
            || info.sizes.iter().any(|&(h, w)| h == 0 || w == 0 || h.max(w) > 16_384)
            || !(1..=4).contains(&info.channels)
            || info.seed != config.seed
        {
            return Err(Error::run(
                &dir.join("run.json"),
                "contradicts itself or config.toml; it was changed by hand",
            ));
        }
        Ok(Run { dir: dir.to_path_buf(), config, info })
    }

    /// Whether all stages are done.
    pub fn is_finished(&self) -> bool {
        self.info.stages_done == self.config.train_stages
    }

    /// Removes what a kill at an unlucky moment leaves: temporary files, and the checkpoint of a finished run.
    pub fn tidy(&self) -> Result<()> {
        remove_temporary(&self.dir)?;
        remove_temporary(&self.dir.join("samples"))?;
        for stage in 0..self.info.stages_done {
            remove_temporary(&self.stage_dir(stage))?;
        }
        if self.is_finished() { self.remove_checkpoint() } else { Ok(()) }
    }

    pub(crate) fn remove_checkpoint(&self) -> Result<()> {
        let path = self.dir.join(crate::checkpoint::FILE);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&path)(e)),
            _ => Ok(()),
        }
    }

    /// Writes `run.json`.
    pub fn save_info(&self) -> Result<()> {
        let path = self.dir.join("run.json");
        let text = serde_json::to_string_pretty(&self.info).map_err(|e| Error::run(&path, e.to_string()))?;
        write(&path, text.as_bytes())
    }

    /// The directory of a stage's networks.
    pub fn stage_dir(&self, stage: usize) -> PathBuf {
        self.dir.join(format!("stage-{stage}"))
    }

    /// The training picture of `stage`, `[1, H, W, C]`.
    pub fn real(&self, stage: usize, device: &Device) -> Result<Tensor> {
        let (h, w) = self.info.sizes[stage];
        self.named(PYRAMID, &format!("real.{stage}"), (h, w, self.info.channels), device)
    }

    /// The fixed noise of the first `stages` stages, `[1, H, W, C]` each.
    pub fn fixed_noise(&self, stages: usize, device: &Device) -> Result<Vec<Tensor>> {
        let net = self.config.net(self.info.channels);
        let shape = |k| net.noise_shape(k, self.info.sizes[k]);
        (0..stages).map(|k| self.named(FIXED_NOISE, &format!("fixed.{k}"), shape(k), device)).collect()
    }

    /// What stage 0 is fed with in a run that [`Run::fine_tune`] made, `[1, H, W, C]`; `None` in others.
    pub fn first_input(&self, device: &Device) -> Result<Option<Tensor>> {
        if self.info.origin.is_none() {
            return Ok(None);
        }
        let (h, w) = self.info.sizes[0];
        self.named(FIRST_INPUT, "input", (h, w, self.info.channels), device).map(Some)
    }

    fn named(
        &self,
        file: &str,
        name: &str,
        (h, w, c): (usize, usize, usize),
        device: &Device,
    ) -> Result<Tensor> {
        let path = self.dir.join(file);
        let (mut tensors, _) = read_tensors(&path, device)?;
        let tensor = tensors.remove(name).ok_or_else(|| Error::run(&path, format!("{name} is missing")))?;
        if tensor.dims() != [1, c, h, w] {
            let reason = format!("{name} is {:?}, it should be {:?}", tensor.dims(), [1, c, h, w]);
            return Err(Error::run(&path, reason));
        }
        to_nhwc(&tensor)
    }

    /// The generator at the end of stage `stage`, with all stages up to it.
    pub fn generator(&self, stage: usize, device: &Device) -> Result<Generator> {
        kernels::set_precision(self.config.precision);
        let mut g = Generator::new(
            &self.config.net(self.info.channels),
            crate::run::weights(self.info.seed, 0),
            device,
        )?;
        let path = self.stage_dir(stage).join("generator.safetensors");
        let (tensors, _) = read_tensors(&path, device)?;
        g.load(stage + 1, &tensors).map_err(|e| Error::run(&path, e.to_string()))?;
        Ok(g)
    }

    /// The discriminator at the end of stage `stage`.
    pub fn discriminator(&self, stage: usize, device: &Device) -> Result<Discriminator> {
        let mut d = Discriminator::new(
            &self.config.net(self.info.channels),
            crate::run::weights(self.info.seed, 1),
            device,
        )?;
        let path = self.stage_dir(stage).join("discriminator.safetensors");
        let (tensors, _) = read_tensors(&path, device)?;
        d.load(&tensors).map_err(|e| Error::run(&path, e.to_string()))?;
        Ok(d)
    }
}

/// Checks that nothing lies at `dir`.
pub(crate) fn vacant(dir: &Path) -> Result<()> {
    match dir.symlink_metadata() {
        Ok(_) => Err(Error::run(dir, "exists already; choose another name or remove it")),
        Err(_) => Ok(()),
    }
}

/// A picture as `[1, H, W, C]` in [-1, 1].
pub fn tensor(picture: &Picture, device: &Device) -> Result<Tensor> {
    let (h, w) = picture.size();
    let values: Vec<f32> = picture.pixels().iter().copied().collect();
    Ok(Tensor::from_vec(values, (1, h, w, picture.channels()), device)?)
}

/// The picture of `[1, H, W, C]` in [-1, 1].
pub fn picture(x: &Tensor) -> Result<Picture> {
    let (_, h, w, c) = x.dims4()?;
    let values = x.flatten_all()?.to_vec1::<f32>()?;
    let pixels = ndarray::Array3::from_shape_vec((h, w, c), values)
        .map_err(|e| Error::Contradiction(format!("picture of {h}x{w}x{c}: {e}")))?;
    Ok(Picture::from_pixels(pixels)?)
}
