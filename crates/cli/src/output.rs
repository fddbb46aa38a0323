//! Results on standard output, errors on standard error. File names and the contents of files can contain anything:
//! no control character of theirs reaches a terminal.

use crate::progress::above_bars;
use serde::Serialize;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

pub(crate) use consingan::duration;

/// Standard output did not take what was to be printed.
#[derive(Debug)]
pub(crate) struct Unprinted(io::Error);

impl Unprinted {
    /// Whether the reader has gone away (`| head`), about which nothing is said.
    pub(crate) fn is_unread(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

impl fmt::Display for Unprinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "standard output cannot be written to: {}", self.0)
    }
}

impl std::error::Error for Unprinted {}

/// Writes one line of text to standard output.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn line(text: &str) -> Result<(), Unprinted> {
    print(&(plain(text) + "\n"))
}

/// Writes text of this program, which may have several lines, to standard output.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn lines(text: &str) -> Result<(), Unprinted> {
    text.lines().try_for_each(line)
}

/// Writes a line of JSON to standard output. Characters that a terminal may obey are escaped, which JSON itself
/// requires of some of them only.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Unprinted> {
    let json = serde_json::to_string(value).map_err(|e| Unprinted(e.into()))?;
    let mut text = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        // They occur in strings only, and have numbers of 16 bits.
        if is_unsafe(c) { text += &format!("\\u{:04x}", c as u32) } else { text.push(c) }
    }
    print(&(text + "\n"))
}

/// Tells on standard output what was made; nothing with `-q`.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn told(text: &str) -> Result<(), Unprinted> {
    // `-q` sets the level of messages, which is asked here so that it is stored once.
    if tracing::enabled!(tracing::Level::INFO) { line(text) } else { Ok(()) }
}

fn print(text: &str) -> Result<(), Unprinted> {
    let written = above_bars(|| {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    written.map_err(Unprinted)
}

/// The text of help and version, as clap formats it with colours where there is a terminal.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn help(error: &clap::Error) -> Result<(), Unprinted> {
    error.print().and_then(|()| io::stdout().flush()).map_err(Unprinted)
}

/// Text for one line of a terminal. Line breaks become spaces, and other characters that a terminal may obey the
/// replacement character.
pub(crate) fn plain(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' => ' ',
        '\t' => c,
        _ if is_unsafe(c) => '\u{fffd}',
        _ => c,
    };
    text.chars().map(shown).collect()
}

/// Whether a terminal may obey a character instead of showing it: control characters, and those that turn the
/// direction of text around, with which a name can look like another one.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A path as a shell takes it for one word, for commands that are shown to be pasted.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c) || (cfg!(windows) && c == '\\');
    // A name that begins with a dash would be taken for a flag.
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    if cfg!(windows) { format!("\"{text}\"") } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// A number with its noun: `1 sample`, `16 samples`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Prints the error in one line and the hint in another, on standard error.
pub(crate) fn tell_error(what: &str, hint: Option<&str>) {
    let mut err = io::stderr().lock();
    // Nothing can be reported if this fails.
    let _ = writeln!(err, "error: {}", plain(what));
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {}", plain(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_get_nothing_to_obey() {
        let name = "a\u{1b}[31m\u{9b}2J\u{7f}\u{202e}gnp\n\tb";
        assert_eq!(plain(name), "a\u{fffd}[31m\u{fffd}2J\u{fffd}\u{fffd}gnp \tb");
        assert_eq!(plain("größe, 大きさ"), "größe, 大きさ");
    }

    #[cfg(unix)]
    #[test]
    fn names_with_spaces_and_quotes_are_one_word() {
        for (name, expected) in [
            ("runs/photo-2", "runs/photo-2"),
            ("runs/my photo", "'runs/my photo'"),
            ("it's $HOME", "'it'\\''s $HOME'"),
            ("-n", "./-n"),
            ("runs/größe", "runs/größe"),
        ] {
            assert_eq!(quoted(Path::new(name)), expected);
        }
    }
}
