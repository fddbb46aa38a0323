//! One flag of an official program with its value, in the words of one command.

use super::official::{Here, Official};

/// What there is to say for a flag.
#[derive(Debug)]
pub(super) enum Said {
    /// These words.
    Words(Vec<String>),
    /// An argument without a flag, at its place.
    Place(usize, String),
    /// The factor on the height.
    Height(String),
    /// The factor on the width.
    Width(String),
    /// Nothing, for this reason.
    Nothing(String),
    /// Nothing by itself: it is in the path of another flag.
    Folder,
    /// The picture of a run, which is named itself.
    OfRun,
    /// Nearly these words, for this reason: they are offered, and not taken.
    Instead(Vec<String>, String),
    /// It cannot be had, for this reason.
    Without(String),
    /// Another command has it.
    Elsewhere(&'static str),
}

/// What SinGAN's `--mode` can be, the command that does it, and the task whose training it is.
pub(super) const MODES: [(&str, &str, Option<&str>); 10] = [
    ("train", "train", Some("generation")),
    ("animation_train", "train", Some("animation")),
    ("paint_train", "train", Some("paint")),
    ("random_samples", "sample", None),
    ("random_samples_arbitrary_sizes", "sample", None),
    ("animation", "animate", None),
    ("harmonization", "harmonize", None),
    ("editing", "edit", None),
    ("paint2image", "paint", None),
    ("SR", "upscale", None),
];

/// `flag` with `value`, which is empty for a switch, in the words of `command`.
pub(super) fn say(flag: &Official, value: &str, command: &clap::Command) -> Said {
    let has = |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    // `-n` is known by its short name.
    let dashes = |name: &str| format!("{}{name}", if name.len() == 1 { "-" } else { "--" });
    let words = |name: &str, value: &str| Said::Words(vec![dashes(name), value.into()]);
    let missing = || Said::Without(format!("{} has nothing like it", command.get_name()));
    let Some(here) = flag.here(command.get_name()) else { return missing() };
    match here {
        Here::Is(name) if !has(name) => missing(),
        Here::Is(name) if flag.valued => words(name, value),
        Here::Is(name) if value.is_empty() => Said::Words(vec![format!("--{name}")]),
        Here::Is(name) => Said::Words(vec![format!("--{name}={value}")]),
        Here::Place(at) => Said::Place(at, value.into()),
        Here::OfRun => Said::OfRun,
        Here::FolderOf(_) => Said::Folder,
        Here::Nothing(why) => Said::Nothing(why.into()),
        Here::Only(only, why) if value == only => Said::Nothing(why.into()),
        Here::Only(_, why) | Here::Without(why) => Said::Without(why.into()),
        Here::Elsewhere(other) => Said::Elsewhere(other),
        Here::Gpu => match value.parse::<u8>() {
            Ok(0) if has("device") => {
                Said::Nothing("--device auto takes the first GPU if there is one".into())
            }
            Ok(number) if has("device") => words("device", &format!("cuda:{number}")),
            Ok(_) => Said::Nothing("this is computed on the CPU".into()),
            Err(_) => Said::Without("GPUs have numbers from 0 to 255".into()),
        },
        Here::Cpu if has("device") => words("device", "cpu"),
        Here::Cpu => Said::Nothing("this is computed on the CPU".into()),
        Here::Height => Said::Height(value.into()),
        Here::Width => Said::Width(value.into()),
        Here::Mode => mode(value, command.get_name()),
        Here::Quantized if matches!(value, "" | "False" | "false" | "0") => {
            Said::Nothing("a painting keeps its colours without --colours".into())
        }
        // SinGAN paints with five colours.
        Here::Quantized => words("colours", "5"),
        Here::Ratio => match value.parse() {
            Ok(ratio) if ratio > 0.0 && ratio < 1.0 => {
                let stages = stages(ratio).to_string();
                let why = "the number of stages sets the ratio of their sizes".into();
                Said::Instead(vec!["--train-stages".into(), stages], why)
            }
            _ => Said::Without("a ratio is above 0 and below 1".into()),
        },
    }
}

fn mode(value: &str, command: &str) -> Said {
    let Some((_, of, task)) = MODES.iter().find(|mode| mode.0 == value) else {
        return Said::Without("SinGAN has no such mode".into());
    };
    match (*of, task) {
        (of, _) if of != command => Said::Elsewhere(of),
        ("upscale", _) => Said::Words(vec!["--mode".into(), "perceptual".into()]),
        (_, Some(task)) if *task != "generation" => Said::Words(vec!["--task".into(), (*task).into()]),
        _ => Said::Nothing("that is what this command does".into()),
    }
}

/// How many stages SinGAN makes with its default sizes, 25 and 250 pixels, of a square picture.
fn stages(ratio: f64) -> usize {
    let shrunk: f64 = 25.0 / 250.0;
    // The product is a little above 8 for SinGAN's own ratio, 0.75, for which it makes 10 stages.
    ((shrunk.ln() / ratio.ln()).ceil() as usize).saturating_add(1).clamp(1, 32)
}
