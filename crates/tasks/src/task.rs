//! What a run can be trained for: its settings and what stage 0 is fed with.

use crate::editing::{NOISE, Shuffled};
use crate::harmonization::Augmented;
use crate::paint::{self, Painted};
use crate::retouch::NaiveInput;
use crate::{Preset, Result};
use candle_core::{Device, Tensor};
use kernels::Stream;
use model::Border;
use pyramid::{Picture, Spacing};
use train::{FirstInput, Noise, Run, TrainConfig, fixed_stream};

/// What a run is trained for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// New pictures from noise.
    #[default]
    Generation,
    /// New pictures of other sizes and shapes: borders are padded, so the layout stretches with them.
    Retarget,
    /// Pictures that move: the fixed input of stage 0 is noise as well.
    Animation,
    /// What was pasted into a picture gets the colours that it would have had in it.
    Harmonization,
    /// Parts of a picture that were moved are joined to their new surroundings.
    Editing,
    /// Paintings become pictures: flat, rough versions of the picture must give it back.
    Paint,
    /// A picture enlarged; the crate `upscale` makes such runs, with stages that it chooses for the picture.
    SuperResolution,
}

impl Task {
    /// All tasks.
    pub const ALL: [Task; 7] = [
        Task::Generation,
        Task::Retarget,
        Task::Animation,
        Task::Harmonization,
        Task::Editing,
        Task::Paint,
        Task::SuperResolution,
    ];

    /// The name on the command line and in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Task::Generation => "generation",
            Task::Retarget => "retarget",
            Task::Animation => "animation",
            Task::Harmonization => "harmonization",
            Task::Editing => "editing",
            Task::Paint => "paint",
            Task::SuperResolution => "super-resolution",
        }
    }

    /// The task of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Task::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The task that `run` was made for.
    ///
    /// # Errors
    /// [`crate::Error::UnknownTask`] if it is none of these.
    pub fn of(run: &Run) -> Result<Self> {
        Task::from_name(&run.info.task)
            .ok_or_else(|| crate::Error::UnknownTask { path: run.dir.clone(), task: run.info.task.clone() })
    }

    /// The numbers to train with.
    pub fn config(self, preset: Preset) -> TrainConfig {
        if self == Task::Generation {
            return preset.config();
        }
        // What `quick` has instead was chosen for generation.
        let base = TrainConfig { lr_scale: TrainConfig::default().lr_scale, ..preset.config() };
        match self {
            Task::Generation => base,
            Task::Retarget => TrainConfig { border: Border::Padded, ..base },
            Task::Animation => TrainConfig { min_size: 20, ..base },
            Task::Harmonization => harmonization(preset, base),
            Task::Editing => editing(preset, base),
            Task::Paint => paint::settings(base),
            Task::SuperResolution => {
                TrainConfig { spacing: Spacing::Geometric, border: Border::Padded, alpha: 100.0, ..base }
            }
        }
    }
}

impl Task {
    /// Lowers `min_size` where it is the one that `preset` has and the picture (height, width) is too small for it at this
    /// `max_size`. Harmonization's and painting's coarsest stages are meant to be a share of the finest, not of
    /// some size.
    pub fn fit_min_size(self, preset: Preset, config: &mut TrainConfig, (h, w): (usize, usize)) {
        let share = match self {
            Task::Harmonization => 0.72,
            Task::Paint => 0.6,
            _ => return,
        };
        if config.min_size != self.config(preset).min_size {
            return;
        }
        let scale = (config.max_size as f64 / h.max(w) as f64).min(1.0);
        let finest = h.min(w) as f64 * scale;
        let fitting = (finest * share).ceil() as usize;
        let smallest = config.net(3).receptive_field();
        config.min_size = config.min_size.min(fitting.max(smallest));
    }
}

fn harmonization(preset: Preset, base: TrainConfig) -> TrainConfig {
    let base = TrainConfig {
        niter: 1000,
        train_stages: 3,
        min_size: 120,
        spacing: Spacing::Geometric,
        lrelu_alpha: 0.3,
        batch_norm: true,
        border: Border::Padded,
        ..base
    };
    match preset {
        Preset::Paper => base,
        // Examples of what to restore lead, the critic's taste comes second.
        Preset::Quick | Preset::Auto => TrainConfig { niter: 700, min_size: 48, alpha: 100.0, ..base },
    }
}

fn editing(preset: Preset, base: TrainConfig) -> TrainConfig {
    let base = TrainConfig { niter: 1000, batch_norm: true, border: Border::Padded, ..base };
    match preset {
        Preset::Paper => base,
        Preset::Quick | Preset::Auto => TrainConfig { niter: 700, ..base },
    }
}

/// What stage 0 of `run` is fed with.
///
/// # Errors
/// [`crate::Error::UnknownTask`], and [`crate::Error::Train`] where the run's files are damaged.
pub fn first_input(run: &Run, device: &Device) -> Result<Box<dyn FirstInput>> {
    let task = Task::of(run)?;
    let own = own_input(task, &run.info.preset, &train::picture(&run.real(0, device)?)?)?;
    let Some(naive) = run.first_input(device)? else { return Ok(own) };
    let noise = if task == Task::Editing { NOISE } else { 0.0 };
    let fixed = run.fixed_noise(1, device)?.swap_remove(0);
    Ok(Box::new(NaiveInput::new(&naive, fixed, noise, own)?))
}

/// A task's input for a run of `preset` whose coarsest picture this is.
pub(crate) fn own_input(task: Task, preset: &str, coarsest: &Picture) -> Result<Box<dyn FirstInput>> {
    let pixels = || coarsest.pixels().to_owned();
    let restores = matches!(Preset::from_name(preset), Some(Preset::Quick | Preset::Auto));
    Ok(match task {
        Task::Generation | Task::Retarget | Task::SuperResolution => Box::new(Noise),
        Task::Animation => Box::new(AllNoise),
        Task::Harmonization => Box::new(Augmented::new(pixels(), restores)),
        Task::Editing => Box::new(Shuffled::new(pixels())),
        Task::Paint => Box::new(Painted::new(pixels())?),
    })
}

/// Animation's: the walk goes around noise, so noise must give the picture back.
#[derive(Debug)]
struct AllNoise;

impl FirstInput for AllNoise {
    fn fixed(&self, real: &Tensor, seed: u64) -> train::Result<Tensor> {
        let (_, h, w, c) = real.dims4()?;
        Ok(kernels::normal(fixed_stream(seed, 0), (0, 0), (h, w, c), real.device())?)
    }

    fn fill(&self, target: &Tensor, stream: Stream) -> train::Result<()> {
        Noise.fill(target, stream)
    }
}
