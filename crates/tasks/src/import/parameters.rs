//! `parameters.txt`: the options of the official program, one per line.

use crate::{Error, Result};
use model::{ActivationKind, Border};
use pyramid::Spacing;
use std::collections::HashMap;
use std::path::Path;
use train::{Label, Preset, RetouchConfig, Task, TrainConfig};

/// Name of the file.
const FILE: &str = "parameters.txt";

/// Longest file that is read, bytes; real ones have some hundred.
const LONGEST: u64 = 1 << 20;

/// What a model was trained with.
#[derive(Debug)]
pub(crate) struct Parameters {
    pub(crate) config: TrainConfig,
    pub(crate) label: Label,
    /// Channels of the picture, 1 or 3.
    pub(crate) channels: usize,
}

/// Reads the parameters in `folder`. Options that are not there have the official program's defaults; options
/// that this program does not use are ignored.
pub(crate) fn read(folder: &Path) -> Result<Parameters> {
    let path = folder.join(FILE);
    let refuse = |reason: String| Error::Import { path: path.clone(), reason };
    let found = std::fs::metadata(&path);
    if !found.as_ref().is_ok_and(|f| f.is_file() && f.len() <= LONGEST) {
        return Err(refuse("is not there, or is no text file".into()));
    }
    let bytes = std::fs::read(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
    parse(&String::from_utf8_lossy(&bytes)).map_err(refuse)
}

fn parse(text: &str) -> std::result::Result<Parameters, String> {
    let line = |line: &str| {
        let (key, value) = line.split_once("\t-\t")?;
        Some((key.trim().to_string(), value.trim().to_string()))
    };
    let options = Options(text.lines().filter_map(line).collect());
    if options.0.is_empty() {
        return Err("has no line like `nfc<tab>-<tab>64`".into());
    }
    let mode = options.text("train_mode").unwrap_or("generation");
    let task = match mode {
        "generation" => Task::Generation,
        "retarget" => Task::Retarget,
        "animation" => Task::Animation,
        "harmonization" => Task::Harmonization,
        "editing" => Task::Editing,
        _ => {
            let modes = "generation, retarget, animation, harmonization and editing";
            return Err(format!("has train_mode {mode:?}; there are {modes}"));
        }
    };
    if options.flag("fine_tune")? == Some(true) {
        let from = options.text("model_dir").unwrap_or("the one it began from");
        return Err(format!(
            "is that of a fine-tuned model, which holds its last stage alone (it was tuned from {from})"
        ));
    }
    let kernel = options.number("ker_size")?.unwrap_or(3);
    if kernel != 3 || options.number("padd_size")?.unwrap_or(0) != 0 {
        return Err(
            "has ker_size and padd_size other than 3 and 0, with which the official program cannot train"
                .into(),
        );
    }
    let channels = options.number("nc_im")?.unwrap_or(3);
    if channels != 1 && channels != 3 {
        return Err(format!("has nc_im {channels}, there are 1 and 3"));
    }

    let mut config = TrainConfig { kernel, ..TrainConfig::default() };
    macro_rules! set {
        ($($field:ident $key:literal)*) => { $(if let Some(value) = options.number($key)? { config.$field = value; })* };
    }
    set!(seed "manualSeed" niter "niter" train_stages "train_stages" train_depth "train_depth" lr_scale "lr_scale"
         min_size "min_size" max_size "max_size" filters "nfc" layers "num_layer" lrelu_alpha "lrelu_alpha"
         lr_g "lr_g" lr_d "lr_d" beta1 "beta1" gamma "gamma" g_steps "Gsteps" d_steps "Dsteps"
         lambda_grad "lambda_grad" alpha "alpha" noise_amp "noise_amp" noise_amp "noise_amp_init");
    config.batch_norm = options.flag("batch_norm")?.unwrap_or(false);
    config.activation = match options.text("activation").unwrap_or("lrelu") {
        "lrelu" => ActivationKind::Lrelu,
        "elu" => ActivationKind::Elu,
        "selu" => ActivationKind::Selu,
        "prelu" => ActivationKind::Prelu,
        other => return Err(format!("has activation {other:?}, there are lrelu, elu, selu and prelu")),
    };
    let grown = matches!(task, Task::Generation | Task::Animation);
    config.border = if grown { Border::Grown } else { Border::Padded };
    config.spacing = if task == Task::Harmonization { Spacing::Geometric } else { Spacing::Improved };
    let retouches = matches!(task, Task::Harmonization | Task::Editing);
    config.retouch = retouches.then_some(RetouchConfig::OFFICIAL);
    config.check().map_err(|e| format!("cannot be used ({e})"))?;

    let picture = options.text("input_name").and_then(|name| name.rsplit(['/', '\\']).next());
    let label = Label {
        task,
        preset: Preset::Official,
        picture: picture.filter(|name| !name.is_empty()).unwrap_or("unknown").into(),
        maps: Vec::new(),
    };
    Ok(Parameters { config, label, channels })
}

struct Options(HashMap<String, String>);

impl Options {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !matches!(*value, "" | "None"))
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> std::result::Result<Option<T>, String> {
        let Some(text) = self.text(key) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("has {key} {text:?}, which is no number that it can have"))
    }

    /// Python's booleans; a flag's default is a number there.
    fn flag(&self, key: &str) -> std::result::Result<Option<bool>, String> {
        match self.text(key) {
            None => Ok(None),
            Some("1" | "True") => Ok(Some(true)),
            Some("0" | "False") => Ok(Some(false)),
            Some(other) => Err(format!("has {key} {other:?}, which is neither true nor false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_the_official_program() {
        let text = "nfc\t-\t16\nactivation\t-\tprelu\nbatch_norm\t-\tTrue\ntrain_mode\t-\tharmonization\nGsteps\t-\t2\n\
                    naive_img\t-\t\nmanualSeed\t-\tNone\nnoise_amp\t-\t0.3\nnoise_amp_init\t-\t0.2\ninput_name\t-\tImages/Harmonization/scream.jpg\n";
        let Parameters { config, label, channels } = parse(text).expect("parameters");
        assert_eq!((config.filters, config.g_steps, config.noise_amp), (16, 2, 0.2));
        assert_eq!((config.activation, config.batch_norm), (ActivationKind::Prelu, true));
        assert_eq!((config.border, config.spacing), (Border::Padded, Spacing::Geometric));
        assert_eq!((config.niter, channels), (2000, 3));
        assert_eq!((label.task, label.picture.as_str()), (Task::Harmonization, "scream.jpg"));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (line, expected) in [
            ("", "no line"),
            ("nfc = 3", "no line"),
            ("nfc\t-\tmany", "nfc \"many\""),
            ("nfc\t-\t-3", "nfc \"-3\""),
            ("nfc\t-\t100000", "filters is 100000"),
            ("ker_size\t-\t5", "ker_size"),
            ("nc_im\t-\t2", "nc_im 2"),
            ("lr_g\t-\tnan", "lr-g"),
            ("batch_norm\t-\tmaybe", "batch_norm"),
            ("activation\t-\trelu", "activation \"relu\""),
            ("train_mode\t-\tpainting", "train_mode \"painting\""),
            ("fine_tune\t-\tTrue\nmodel_dir\t-\tTrainedModels/x", "TrainedModels/x"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(expected), "{error}");
        }
    }
}
