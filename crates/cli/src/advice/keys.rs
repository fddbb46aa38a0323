//! Settings files with keys of the official programs, which are the names of their flags.

use super::instead::Instead;
use super::official::{Here, Official};
use super::pasted::Part;
use super::said::{Said, say};
use crate::output::quoted;
use crate::refusal::refusal;
use anyhow::Result;
use clap::CommandFactory;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A key of a settings file with its value, and where both are.
struct Key {
    name: String,
    value: String,
    key: Range<usize>,
    whole: Range<usize>,
}

/// A part of the text, and what to write there.
type Change = (Range<usize>, String);

/// Puts the keys of the settings file `path`, whose text this is, into this program's words. Lines stay where they are,
/// because messages name them. A note says which keys change nothing.
///
/// # Errors
/// Where a key is no setting here; the hint is the command line for it.
pub(crate) fn understand_keys(text: &str, path: &Path) -> Result<(String, Option<String>)> {
    // What is no TOML is reported by whoever reads it.
    let Ok(table) = DeTable::parse(text) else { return Ok((text.into(), None)) };
    let cli = crate::Cli::command();
    let Some(train) = cli.find_subcommand("train") else { return Ok((text.into(), None)) };
    let scalar = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(on) => Some(on.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        _ => None,
    };
    let keys = table.get_ref().iter().filter_map(|(key, value)| {
        let (name, whole) = (key.get_ref().to_string(), key.span().start..value.span().end);
        Some(Key { name, value: scalar(value.get_ref())?, key: key.span(), whole })
    });
    let keys: Vec<Key> = keys.collect();
    let parts: Vec<Part> = keys.iter().filter_map(|key| part(key, train)).collect();
    let instead = Instead { from: "train", script: None, parts: &parts, cli: &cli };
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    for key in &keys {
        if let Some(change) = change(key, train, &instead, path, &mut notes).map_err(|(what, hint)| {
            refusal(format!("{}:{}: {what}", path.display(), line(text, key)), hint)
        })? {
            changes.push(change);
        }
    }
    // From the end, so that the places before stay right.
    changes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut changed = text.to_string();
    for (place, new) in changes {
        changed.replace_range(place, &new);
    }
    let note = || format!("without effect here, in {}: {}", path.display(), notes.join(", "));
    Ok((changed, (!notes.is_empty()).then(note)))
}

fn line(text: &str, key: &Key) -> usize {
    text[..key.key.start].matches('\n').count() + 1
}

/// The flag that a key would be on the command line.
fn part(key: &Key, train: &clap::Command) -> Option<Part> {
    let has = |name: &str| train.get_arguments().any(|arg| arg.get_long() == Some(name));
    if let Some(flag) = Official::named(&key.name).filter(|_| !has(&key.name)) {
        let value = if flag.valued { Some(key.value.clone()) } else { None };
        return (flag.valued || key.value == "true").then_some(Part::Theirs { flag, value });
    }
    let name = key.name.replace('_', "-");
    // A switch has its value behind an equals sign.
    let (name, value) = match key.value.as_str() {
        value @ ("true" | "false") if has(&name) => (format!("{name}={value}"), None),
        value => has(&name).then(|| (name, Some(value.to_string())))?,
    };
    Some(Part::Own { renamed: false, words: Vec::new(), name, value })
}

/// What to write where instead of a key; nothing to change for keys that are settings here. Errors are what is wrong and
/// what to do.
fn change(
    key: &Key,
    train: &clap::Command,
    instead: &Instead<'_>,
    path: &Path,
    notes: &mut Vec<String>,
) -> Result<Option<Change>, (String, String)> {
    let Key { name, value, .. } = key;
    let has = |name: &str| train.get_arguments().any(|arg| arg.get_long() == Some(name));
    if has(name) {
        return Ok(None);
    }
    let Some(flag) = Official::named(name) else {
        let hyphens = name.replace('_', "-");
        return Ok((hyphens != *name && has(&hyphens)).then(|| (key.key.clone(), hyphens)));
    };
    if let Some(Here::Is(here)) = flag.here("train") {
        return Ok(Some((key.key.clone(), here.into())));
    }
    let mut without = |why: &str| {
        notes.push(format!("{name} = {value} ({why})"));
        Ok(Some((key.whole.clone(), String::new())))
    };
    if !flag.valued && matches!(value.as_str(), "false" | "0") {
        return without("that is so anyway");
    }
    let is = format!("{name} is {value}");
    match say(flag, if flag.valued { value } else { "" }, train) {
        Said::Nothing(why) => without(&why),
        Said::Folder => without("the picture is named on the command line"),
        Said::Words(words) if words[0] == "--task" => {
            Ok(Some((key.whole.clone(), format!("task = \"{}\"", words[1]))))
        }
        Said::Words(words) => {
            Err((format!("{name} is no setting"), format!("remove it, and give {}", words.join(" "))))
        }
        Said::Place(..) => {
            let picture = instead.in_folder(name, value);
            let command = format!("consingan train {picture} --config {}", quoted(path));
            Err((format!("{name} is no setting"), format!("remove it: {command}")))
        }
        Said::Instead(words, why) => {
            let key = words[0].trim_start_matches('-');
            Err((format!("{is}: {why}"), format!("write {key} = {} instead", words[1])))
        }
        Said::Without(why) => Err((format!("{is}: {why}"), "remove it".into())),
        Said::Elsewhere(other) => Err((format!("{name} is no setting"), instead.line(other))),
        Said::Height(_) | Said::Width(_) | Said::OfRun => {
            Err((format!("{name} is no setting"), "remove it".into()))
        }
    }
}
