//! Reads command lines with flags of the official programs: what is the same here is put in this program's words, and
//! what another command does is answered with that command.

use super::instead::Instead;
use super::official::{Official, script};
use super::said::{MODES, Said, say};
use crate::refusal::refusal;
use anyhow::Result;
use std::ffi::{OsStr, OsString};

/// A command line in this program's words.
#[derive(Debug)]
pub(crate) struct Understood {
    pub(crate) args: Vec<OsString>,
    /// The command of the line, if it names one.
    pub(crate) command: Option<String>,
    /// What of the given line changes nothing.
    pub(crate) note: Option<String>,
}

/// A part of a command line.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A flag that is in no table, as it was given and taken apart.
    Own { name: String, value: Option<String>, words: Vec<OsString>, renamed: bool },
    /// A flag of an official program.
    Theirs { flag: &'static Official, value: Option<String> },
    /// An argument without a flag.
    Plain(OsString),
    /// `--` and what comes after it.
    Rest(Vec<OsString>),
}

/// Puts `args` into this program's words; `cli` has its commands. What is in no table is left as it is.
///
/// # Errors
/// Where another command does it, which is the hint, and where a value is missing or cannot be had.
pub(crate) fn understand(args: Vec<OsString>, cli: &clap::Command) -> Result<Understood> {
    let first = (1..args.len()).find(|&at| !args[at].to_string_lossy().starts_with('-'));
    let Some(at) = first else { return Ok(Understood { args, command: None, note: None }) };
    if let Some((at, name, (command, task))) = named_script(&args, at) {
        let parts = parts(&args[at + 1..], None);
        let line = Instead { from: command, script: Some(task), parts: &parts, cli }.line(command);
        return Err(refusal(format!("{name} is a script of an official program"), line));
    }
    let Some(command) = args[at].to_str().and_then(|name| cli.find_subcommand(name)) else {
        return Ok(Understood { args, command: None, note: None });
    };
    let parts = parts(&args[at + 1..], Some(command));
    let name = Some(command.get_name().to_string());
    if !parts.iter().any(|part| matches!(part, Part::Theirs { .. })) && !is_renamed(&parts) {
        return Ok(Understood { args, command: name, note: None });
    }
    let instead = Instead { from: command.get_name(), script: None, parts: &parts, cli };
    let mut line = Line::default();
    for part in &parts {
        line.add(part, command, &instead)?;
    }
    let note = (!line.notes.is_empty()).then(|| format!("without effect here: {}", line.notes.join(", ")));
    let args = args[..=at].iter().cloned().chain(line.words()).collect();
    Ok(Understood { args, command: name, note })
}

/// The place of a script of the official programs in `args`, from `at` on, its name and its command: `main_train.py`, or
/// with a Python in front.
fn named_script(args: &[OsString], at: usize) -> Option<(usize, String, (&'static str, &'static str))> {
    let is_python = args[at].to_str().is_some_and(|word| word.starts_with("python"));
    let at = if is_python { at + 1 } else { at };
    let name = std::path::Path::new(args.get(at)?).file_name()?.to_str()?;
    Some((at, name.to_string(), script(name)?))
}

/// Takes the words after a command apart; without a command they are those of an official script.
fn parts(words: &[OsString], command: Option<&clap::Command>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            parts.push(Part::Rest(std::iter::once(word).chain(words.by_ref()).cloned().collect()));
            continue;
        }
        if !text.starts_with('-') || text == "-" || text.parse::<f64>().is_ok() {
            parts.push(Part::Plain(word.clone()));
            continue;
        }
        let (name, inline) = match text.trim_start_matches('-').split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (text.trim_start_matches('-').to_string(), None),
        };
        let next = words.peek().and_then(|next| next.to_str()).filter(|next| is_value(next));
        let official = Official::named(&name).filter(|_| text.starts_with("--"));
        if let Some(flag) = official.filter(|_| is_theirs(&name, inline.as_deref().or(next), command)) {
            let value = if flag.valued && inline.is_none() { next.map(String::from) } else { None };
            if value.is_some() {
                words.next();
            }
            parts.push(Part::Theirs { flag, value: inline.or(value) });
            continue;
        }
        let (written, follows) = own(&name, command);
        let mut given = vec![renamed(word, &text, &name, &written)];
        // A value may begin with one hyphen and be wrong; with two it is the next flag.
        let follows = follows && inline.is_none();
        let value = words.next_if(|next| follows && !next.to_string_lossy().starts_with("--"));
        given.extend(value.cloned());
        let value = inline.or(value.map(|value| value.to_string_lossy().into_owned()));
        parts.push(Part::Own { renamed: written != name, name: written, value, words: given });
    }
    without_gpu_beside_cpu(parts)
}

fn is_value(word: &str) -> bool {
    !word.starts_with('-') || word == "-" || word.parse::<f64>().is_ok()
}

/// Whether a name of an official flag means that flag: a flag of the command with the same name comes first.
fn is_theirs(name: &str, value: Option<&str>, command: Option<&clap::Command>) -> bool {
    let Some(command) = command else { return true };
    let has = command.get_arguments().any(|arg| arg.get_long() == Some(name));
    !has || (name == "mode" && value.is_some_and(|value| MODES.iter().any(|mode| mode.0 == value)))
}

/// Whether a flag is not in the words that were given.
fn is_renamed(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Own { renamed: true, .. }))
}

/// How the command writes a flag that may have underscores, and whether a value follows it.
fn own(name: &str, command: Option<&clap::Command>) -> (String, bool) {
    let hyphens = name.replace('_', "-");
    let Some(command) = command else { return (name.into(), false) };
    let of = |arg: &&clap::Arg, name: &str| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long() == Some(name)
            || aliases.contains(&name)
            || arg.get_short().is_some_and(|short| *name == *short.to_string())
    };
    let found = |name: &str| command.get_arguments().find(|arg| of(arg, name));
    let Some(arg) = found(&hyphens) else { return (name.into(), false) };
    (hyphens, arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// The first word of a flag, with the name that the command has for it.
fn renamed(word: &OsStr, text: &str, name: &str, written: &str) -> OsString {
    if name == written { word.into() } else { text.replacen(name, written, 1).into() }
}

/// Both official programs compute on the CPU where they are told so, whatever the number of the GPU.
fn without_gpu_beside_cpu(parts: Vec<Part>) -> Vec<Part> {
    let named = |part: &Part, name| matches!(part, Part::Theirs { flag, .. } if flag.name == name);
    let cpu = parts.iter().any(|part| named(part, "not_cuda"));
    parts.into_iter().filter(|part| !(cpu && named(part, "gpu"))).collect()
}

/// A line as it is put together for a command.
#[derive(Debug, Default)]
struct Line {
    flags: Vec<OsString>,
    /// The arguments without flags in the order in which they were given, and those whose place is known.
    plain: Vec<OsString>,
    placed: Vec<(usize, OsString)>,
    /// Factors on height and width.
    factors: (Option<String>, Option<String>),
    rest: Vec<OsString>,
    notes: Vec<String>,
}

impl Line {
    fn add(&mut self, part: &Part, command: &clap::Command, instead: &Instead<'_>) -> Result<()> {
        let (flag, value) = match part {
            Part::Own { words, .. } => {
                self.flags.extend(words.iter().cloned());
                return Ok(());
            }
            Part::Plain(word) => {
                self.plain.push(word.clone());
                return Ok(());
            }
            Part::Rest(words) => {
                self.rest.clone_from(words);
                return Ok(());
            }
            Part::Theirs { flag, value } => (flag, value.as_deref()),
        };
        if flag.valued && value.is_none() {
            return Err(refusal(format!("--{} has no value", flag.name), "give it one, or leave it out"));
        }
        let name = command.get_name();
        let written = [&format!("--{}", flag.name), value.unwrap_or_default()].join(" ");
        match say(flag, value.unwrap_or_default(), command) {
            Said::Words(words) => self.flags.extend(words.into_iter().map(OsString::from)),
            Said::Place(at, value) => {
                let path = instead.in_folder(flag.name, &value);
                if instead.is_official_folder(&path) && name != "import" {
                    let what = format!("{path}: is a model of the official program, and no run yet");
                    return Err(refusal(what, instead.line(name)));
                }
                self.placed.push((at, path.into()));
            }
            Said::Height(factor) => self.factors.0 = Some(factor),
            Said::Width(factor) => self.factors.1 = Some(factor),
            Said::Nothing(why) => self.notes.push(format!("{} ({why})", written.trim())),
            Said::Folder => {}
            Said::OfRun if instead.names_a_run() => {
                self.notes.push(format!("{written} (a run holds its picture)"));
            }
            Said::OfRun => {
                return Err(refusal(format!("{name} takes a run, not its picture"), instead.line(name)));
            }
            Said::Instead(_, why) | Said::Without(why) => {
                return Err(refusal(format!("{}: {why}", written.trim()), instead.line(name)));
            }
            Said::Elsewhere(other) => {
                return Err(refusal(format!("--{} is not for {name}", flag.name), instead.line(other)));
            }
        }
        Ok(())
    }

    fn words(mut self) -> Vec<OsString> {
        let (height, width) = &self.factors;
        if height.is_some() || width.is_some() {
            let of = |factor: &Option<String>| factor.clone().unwrap_or_else(|| "1".into());
            self.flags.extend(["--scale".into(), format!("{}x{}", of(height), of(width)).into()]);
        }
        self.placed.sort_by_key(|(at, _)| *at);
        for (at, word) in self.placed {
            self.plain.insert(at.min(self.plain.len()), word);
        }
        [self.flags, self.plain, self.rest].concat()
    }
}
