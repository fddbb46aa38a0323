//! The flags of the command that failed, so that no advice names a flag which that command lacks.

use super::nearest::nearest;

/// The long flags, without their dashes, of the command that was given.
#[derive(Debug, Default)]
pub(crate) struct Flags(Vec<String>);

impl Flags {
    /// The flags that `command` takes.
    pub(crate) fn of(command: &clap::Command) -> Self {
        let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
        Self(shown.filter_map(|argument| argument.get_long()).map(String::from).collect())
    }

    /// Ways out, joined to one hint. Those that name a flag which this command lacks are left out.
    pub(super) fn ways(&self, ways: &[&str]) -> Option<String> {
        let possible: Vec<&str> = ways.iter().copied().filter(|way| self.allow(way)).collect();
        if possible.is_empty() { None } else { Some(possible.join(", or ")) }
    }

    /// Whether the command has every flag that `way` names.
    fn allow(&self, way: &str) -> bool {
        let mut words = way.split([' ', ',']);
        words.all(|word| word.strip_prefix("--").is_none_or(|name| self.has(name)))
    }

    /// The flag that a mistyped one is nearest to, if one is near.
    pub(crate) fn nearest(&self, wrong: &str) -> Option<&str> {
        nearest(wrong, self.0.iter().map(String::as_str))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|flag| flag == name)
    }
}
