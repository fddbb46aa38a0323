//! A run on disk: what is in its directory, and how one is opened.
//!
//! ```text
//! RUN/config.toml             the resolved configuration
//!     run.json                format version, sizes, amplitudes, progress
//!     pyramid.safetensors     real.K: the training pictures, [1, C, H, W] in [-1, 1]
//!     pyramid.png             the same to look at
//!     events.jsonl, events.out.tfevents...   losses
//!     stage-K/{generator,discriminator}.safetensors
//!     fixed_noise.safetensors fixed.K
//!     profile.icc, profile-NAME.icc          ICC profiles of the pictures, if they have some
//!     samples/stage-K.png     the picture and samples at the end of stage K
//!     checkpoint.safetensors  only while a stage is under way
//!     first_input.safetensors only where a stage of another run was trained again: what stage 0 was fed with
//! ```

use crate::files::{remove_temporary, write};
use crate::info::{FORMAT, RunInfo};
use crate::maps::{Map, split};
use crate::{Error, Result, TrainConfig, format_1};
use pyramid::Picture;
use serde::Deserialize;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) const PYRAMID: &str = "pyramid.safetensors";
pub(crate) const FIXED_NOISE: &str = "fixed_noise.safetensors";
pub(crate) const FIRST_INPUT: &str = "first_input.safetensors";
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";
pub(crate) const GENERATOR: &str = "generator.safetensors";
pub(crate) const DISCRIMINATOR: &str = "discriminator.safetensors";
const CONFIG: &str = "config.toml";
const INFO: &str = "run.json";
/// The most bytes of `run.json` and `config.toml`, which have some kilobytes.
const MOST_TEXT: u64 = 4 << 20;
/// The most bytes of an ICC profile.
const MOST_PROFILE: u64 = 64 << 20;

/// An opened run directory.
#[derive(Clone, Debug)]
pub struct Run {
    /// The run directory.
    pub dir: PathBuf,
    /// What it is trained with.
    pub config: TrainConfig,
    /// The contents of `run.json`: what the run is, and its progress.
    pub info: RunInfo,
}

impl Run {
    /// Opens the run in `dir`. Nothing is written: a run of an older format is rewritten only when its
    /// training is resumed.
    ///
    /// # Errors
    /// [`Error::NotARun`] where it is none, [`Error::Format`] where its version cannot be read,
    /// [`Error::Damaged`] where a file is, [`Error::Range`] where a setting is outside its range.
    pub fn open(dir: &Path) -> Result<Self> {
        let info = read_info(dir)?;
        let file = dir.join(CONFIG);
        let text = ::files::read_to_string(&file, MOST_TEXT)?;
        let mut config: TrainConfig =
            toml::from_str(&text).map_err(|e: toml::de::Error| Error::damaged(&file, e.message()))?;
        if info.format == format_1::VERSION {
            format_1::complete(&mut config, &info);
        }
        config.check()?;
        if !info.is_consistent(&config) {
            return Err(Error::damaged(&dir.join(INFO), "it contradicts itself or config.toml"));
        }
        Ok(Self { dir: dir.to_path_buf(), config, info })
    }

    /// Whether all stages are done.
    pub fn is_finished(&self) -> bool {
        self.info.stages_done == self.config.train_stages
    }

    /// The pictures that the run generates: what each range of channels is.
    ///
    /// # Errors
    /// [`Error::File`] where an ICC profile cannot be read.
    pub fn maps(&self) -> Result<Vec<Map>> {
        if self.info.maps.is_empty() {
            return Ok(vec![Map::plain(self.info.channels)]);
        }
        let mut maps = self.info.maps.clone();
        for map in &mut maps {
            let path = self.dir.join(map.profile_file());
            if path.is_file() {
                map.profile = Some(::files::read(&path, MOST_PROFILE)?);
            }
        }
        Ok(maps)
    }

    /// The first picture of an array of the run's channels, which is shown where there is room for one.
    ///
    /// # Errors
    /// [`Error::Picture`] where the array has other channels.
    pub fn first_map(&self, stack: &Picture) -> Result<Picture> {
        match self.info.maps.first() {
            Some(map) => Ok(split(std::slice::from_ref(map), stack)?.swap_remove(0)),
            None => Ok(stack.clone()),
        }
    }

    /// The directory of a stage's networks.
    pub fn stage_dir(&self, stage: usize) -> PathBuf {
        self.dir.join(format!("stage-{stage}"))
    }

    /// The sheet of a stage: the picture and samples at its end.
    pub fn sheet(&self, stage: usize) -> PathBuf {
        self.dir.join("samples").join(format!("stage-{stage}.png"))
    }

    /// Removes the files that remain when the program is killed: temporary files, and the checkpoint of a
    /// finished run.
    ///
    /// # Errors
    /// [`Error::File`] where a file cannot be removed.
    pub fn tidy(&self) -> Result<()> {
        remove_temporary(&self.dir)?;
        remove_temporary(&self.dir.join("samples"))?;
        for stage in 0..self.info.stages_done {
            remove_temporary(&self.stage_dir(stage))?;
        }
        if self.is_finished() { self.remove_checkpoint() } else { Ok(()) }
    }

    pub(crate) fn remove_checkpoint(&self) -> Result<()> {
        let path = self.dir.join(CHECKPOINT);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(&path)(e)),
            _ => Ok(()),
        }
    }

    /// Rewrites a run of an older format as this program writes it. `run.json`, which says the version, comes last.
    pub(crate) fn upgrade(&mut self) -> Result<()> {
        if self.info.format == FORMAT {
            return Ok(());
        }
        self.save_config()?;
        self.info.format = FORMAT;
        self.save_info()
    }

    /// Writes `config.toml`.
    pub(crate) fn save_config(&self) -> Result<()> {
        let path = self.dir.join(CONFIG);
        let text = toml::to_string(&self.config).map_err(|e| Error::encoding(&path)(&e))?;
        write(&path, text.as_bytes())
    }

    /// Writes `run.json`.
    pub(crate) fn save_info(&self) -> Result<()> {
        let path = self.dir.join(INFO);
        let text = serde_json::to_string_pretty(&self.info).map_err(|e| Error::encoding(&path)(&e))?;
        write(&path, text.as_bytes())
    }
}

fn read_info(dir: &Path) -> Result<RunInfo> {
    let not_a_run = |reason| Error::NotARun { path: dir.to_path_buf(), reason };
    if !dir.is_dir() {
        return Err(not_a_run(if dir.exists() { "is a file" } else { "no such run directory" }));
    }
    let file = dir.join(INFO);
    let text = match ::files::read_to_string(&file, MOST_TEXT) {
        Ok(text) => text,
        Err(::files::Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Err(not_a_run("is no run directory, it has no run.json"));
        }
        Err(e) => return Err(e.into()),
    };
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let Version { format } = serde_json::from_str(&text).map_err(|e| Error::damaged(&file, e))?;
    if !(format_1::VERSION..=FORMAT).contains(&format) {
        let (oldest, newest) = (format_1::VERSION, FORMAT);
        return Err(Error::Format { path: file, found: format, oldest, newest });
    }
    serde_json::from_str(&text).map_err(|e| Error::damaged(&file, e))
}

/// Checks that nothing exists at `dir`.
pub(crate) fn vacant(dir: &Path) -> Result<()> {
    match dir.symlink_metadata() {
        Ok(_) => Err(::files::Error::Exists { path: dir.to_path_buf() }.into()),
        Err(_) => Ok(()),
    }
}
