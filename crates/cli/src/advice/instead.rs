//! The command line of this program that does what a line of an official program does.

use super::official::Official;
use super::pasted::Part;
use super::said::{Said, say};
use consingan::free_name;
use std::path::Path;

/// A line that was given, and what it was given to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instead<'a> {
    /// The command whose line it is.
    pub(super) from: &'a str,
    /// The task of the official script whose line it is.
    pub(super) script: Option<&'static str>,
    pub(super) parts: &'a [Part],
    pub(super) cli: &'a clap::Command,
}

/// Commands whose first argument is a run.
const OF_RUNS: [&str; 8] =
    ["sample", "evaluate", "animate", "paint", "harmonize", "edit", "report", "inspect"];

impl<'a> Instead<'a> {
    /// The line for `command`, after the one that makes the run it needs.
    pub(super) fn line(&self, command: &'a str) -> String {
        let command = self.command(command);
        if command == "train" && (self.value("netG").is_some() || self.value("netD").is_some()) {
            return join(&["consingan", "train", "--resume", &self.run(command).0].map(String::from));
        }
        let mut lines = Vec::new();
        let mut words = vec!["consingan".to_string(), command.to_string()];
        if OF_RUNS.contains(&command) {
            let (run, before) = self.run(command);
            lines.extend(before);
            words.push(run);
            if ["harmonize", "edit", "paint"].contains(&command) {
                words.push(self.changed().unwrap_or_else(|| "PICTURE".into()));
            }
        } else {
            let named =
                if command == "import" { self.value("model_dir").map(String::from) } else { self.picture() };
            words.push(named.unwrap_or_else(|| "PICTURE".into()));
        }
        words.extend(self.flags(command));
        lines.push(join(&words));
        lines.join(" && ")
    }

    /// Whether the line of a command for runs names one.
    pub(super) fn names_a_run(&self) -> bool {
        OF_RUNS.contains(&self.from) && (self.value("model_dir").is_some() || self.plain(0).is_some())
    }

    /// Whether there is a folder that the official program wrote, which is not a run yet.
    pub(super) fn is_official_folder(&self, path: &str) -> bool {
        let dir = Path::new(path);
        dir.join("parameters.txt").is_file() && !dir.join("run.json").exists()
    }

    /// The path of the picture that an official flag names; a folder has a flag of its own there, or SinGAN's default.
    pub(super) fn in_folder(&self, flag: &str, name: &str) -> String {
        let (given, usual) = match flag {
            "input_name" => ("input_dir", ["Input/Images"].as_slice()),
            "ref_name" => ("ref_dir", ["Input/Harmonization", "Input/Editing", "Input/Paint"].as_slice()),
            _ => return name.into(),
        };
        if let Some(folder) = self.value(given) {
            return format!("{}/{name}", folder.trim_end_matches('/'));
        }
        let usual = usual.iter().map(|folder| format!("{folder}/{name}"));
        let found = usual.into_iter().find(|path| !Path::new(name).exists() && Path::new(path).exists());
        found.unwrap_or_else(|| name.into())
    }

    /// The command that does what `command` would, for what the other flags say.
    fn command(&self, command: &'a str) -> &'a str {
        let retouches = self.has("fine_tune") || self.value("naive_img").is_some();
        let command = if self.script.is_some() && ["train", "sample"].contains(&command) && retouches {
            "harmonize"
        } else {
            command
        };
        let words = ["train_mode", "task", "mode"].into_iter().filter_map(|name| self.value(name));
        let edits = words.into_iter().any(|task| task == "editing") || self.run_is_for("editing");
        if command == "harmonize" && edits && self.script != Some("harmonization") { "edit" } else { command }
    }

    fn run_is_for(&self, task: &str) -> bool {
        let run = self.value("model_dir").or_else(|| self.plain(0).filter(|_| OF_RUNS.contains(&self.from)));
        let text = run.and_then(|run| std::fs::read_to_string(Path::new(run).join("run.json")).ok());
        let info = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        info.is_some_and(|info| info.get("task").and_then(|named| named.as_str()) == Some(task))
    }

    /// The run that the line is about, and the line that makes it where it is not there.
    fn run(&self, command: &str) -> (String, Option<String>) {
        if let Some(dir) = self.value("model_dir") {
            if !self.is_official_folder(dir) {
                return (dir.into(), None);
            }
            let name = Path::new(dir).file_name().unwrap_or_default();
            let run = free_name(&Path::new("runs").join(name), "").display().to_string();
            return (run.clone(), Some(join(&["consingan", "import", dir, "--out", &run].map(String::from))));
        }
        if let (true, Some(run)) = (OF_RUNS.contains(&self.from), self.plain(0)) {
            return (run.into(), None);
        }
        let Some(picture) = self.picture() else { return ("RUN".into(), None) };
        let stem = Path::new(&picture).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let run =
            self.value("out").filter(|_| self.from == "train").map_or(format!("runs/{stem}"), String::from);
        if Path::new(&run).exists() {
            return (run, None);
        }
        let mut train = ["consingan", "train", &picture].map(String::from).to_vec();
        let mut flags = self.flags("train");
        let task = match command {
            "harmonize" => "harmonization",
            "edit" => "editing",
            "animate" => "animation",
            "paint" => "paint",
            _ => "generation",
        };
        if task != "generation" && !flags.iter().any(|word| word == "--task") {
            flags.extend(["--task".into(), task.into()]);
        }
        train.extend(flags);
        (run, Some(join(&train)))
    }

    /// The picture to train on or to enlarge.
    fn picture(&self) -> Option<String> {
        let named = self.value("input_name").map(|name| self.in_folder("input_name", name));
        named.or_else(|| self.plain(0).filter(|_| !OF_RUNS.contains(&self.from)).map(String::from))
    }

    /// The picture that was changed by hand.
    fn changed(&self) -> Option<String> {
        if let Some(name) = self.value("naive_img") {
            return Some(name.into());
        }
        let named = self.value("ref_name").map(|name| self.in_folder("ref_name", name));
        let at = usize::from(self.value("model_dir").is_none());
        named.or_else(|| self.plain(at).filter(|_| OF_RUNS.contains(&self.from)).map(String::from))
    }

    /// The flags of the line that `command` has too, in its words.
    fn flags(&self, command: &str) -> Vec<String> {
        let Some(of) = self.cli.find_subcommand(command) else { return Vec::new() };
        let mut pairs: Vec<Vec<String>> = Vec::new();
        let (mut height, mut width) = (None, None);
        for part in self.parts {
            let said = match part {
                Part::Own { name, value, .. } if self.from == command => {
                    pairs.push(written(name, value.as_deref()));
                    continue;
                }
                Part::Own { name, value, .. } => match Official::named(&name.replace('-', "_")) {
                    Some(flag) => say(flag, value.as_deref().unwrap_or_default(), of),
                    // The directory of a run that is trained first is not where the results go.
                    None if name == "out" && command != "train" => continue,
                    None if of.get_arguments().any(|arg| arg.get_long() == Some(name)) => {
                        pairs.push(written(name, value.as_deref()));
                        continue;
                    }
                    None => continue,
                },
                Part::Theirs { flag, value } if !flag.valued || value.is_some() => {
                    say(flag, value.as_deref().unwrap_or_default(), of)
                }
                _ => continue,
            };
            match said {
                Said::Words(words) => pairs.push(words),
                Said::Instead(words, _) if self.value("train_stages").is_none() => pairs.push(words),
                Said::Height(factor) => height = Some(factor),
                Said::Width(factor) => width = Some(factor),
                _ => {}
            }
        }
        // SinGAN's own factor on the width where none is given.
        if self.value("mode") == Some("random_samples_arbitrary_sizes")
            && width.is_none()
            && command == "sample"
        {
            width = Some("1.5".into());
        }
        if height.is_some() || width.is_some() {
            let of = |factor: Option<String>| factor.unwrap_or_else(|| "1".into());
            pairs.push(vec!["--scale".into(), format!("{}x{}", of(height), of(width))]);
        }
        self.settle(command, &mut pairs);
        pairs.concat()
    }

    /// Adds what the official scripts do without a flag, and drops what goes with flags that are not there.
    fn settle(&self, command: &str, pairs: &mut Vec<Vec<String>>) {
        let has = |pairs: &[Vec<String>], name: &str| pairs.iter().any(|pair| pair[0] == name);
        if ["harmonize", "edit"].contains(&command) && !has(pairs, "--fine-tune") {
            pairs.retain(|pair| pair[0] != "--niter" && !(pair[0] == "--device" && pair[1] != "cpu"));
        }
        if self.script.is_none() {
            return;
        }
        if command == "sample" && !has(pairs, "-n") {
            pairs.push(["-n", "50"].map(String::from).to_vec());
        }
        if command == "train" && !has(pairs, "--preset") {
            pairs.push(["--preset", "paper"].map(String::from).to_vec());
        }
        if command == "upscale" && !has(pairs, "--mode") {
            pairs.push(["--mode", "perceptual"].map(String::from).to_vec());
        }
    }

    /// The value of a flag, in either program's spelling.
    fn value(&self, wanted: &str) -> Option<&'a str> {
        self.parts.iter().find_map(|part| match part {
            Part::Theirs { flag, value } if flag.name == wanted => value.as_deref(),
            Part::Own { name, value, .. } if name.replace('-', "_") == wanted => value.as_deref(),
            _ => None,
        })
    }

    fn has(&self, wanted: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Theirs { flag, .. } if flag.name == wanted))
    }

    /// An argument without a flag; the official scripts have none.
    fn plain(&self, at: usize) -> Option<&'a str> {
        let plain = self.parts.iter().filter_map(|part| match part {
            Part::Plain(word) if self.script.is_none() => word.to_str(),
            _ => None,
        });
        plain.into_iter().nth(at)
    }
}

/// A flag as it is written in a line; `n` is known by its short name.
fn written(name: &str, value: Option<&str>) -> Vec<String> {
    let dashes = if name.chars().count() == 1 { "-" } else { "--" };
    std::iter::once(format!("{dashes}{name}")).chain(value.map(String::from)).collect()
}

/// The words of a line as a shell takes them.
fn join(words: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./=:,+%@".contains(c))
    };
    let quoted =
        |word: &String| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
