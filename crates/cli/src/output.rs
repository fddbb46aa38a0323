//! Results on standard output, errors on standard error.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use consingan::duration;

/// Whether something of the result could not be written to standard output.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a line of the result to standard output. Where that fails, the work goes on, and [`is_lost`] says it at the end.
pub(crate) fn line(text: &str) {
    let written = writeln!(io::stdout().lock(), "{text}").and_then(|()| io::stdout().flush());
    if let Err(e) = written
        && !LOST.swap(true, Ordering::Relaxed)
        && e.kind() != io::ErrorKind::BrokenPipe
    {
        // A reader that has gone away (`| head`) wants no more, and no message.
        tracing::error!("cannot write to standard output: {e}");
    }
}

/// Writes a line about work whose result is in files. Where that fails, the work is as good without it.
pub(crate) fn event_line(text: &str) {
    static QUIET: AtomicBool = AtomicBool::new(false);
    let written = writeln!(io::stdout().lock(), "{text}").and_then(|()| io::stdout().flush());
    if let Err(e) = written
        && !QUIET.swap(true, Ordering::Relaxed)
        && e.kind() != io::ErrorKind::BrokenPipe
    {
        tracing::warn!("cannot write to standard output, training goes on: {e}");
    }
}

/// Whether something of the result could not be written to standard output.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Tells on standard output what was made; nothing with `-q`.
pub(crate) fn told(text: &str) {
    // `-q` sets the level of messages, which is asked here so that it is stored once.
    if tracing::enabled!(tracing::Level::INFO) {
        line(text);
    }
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
    // File names can contain anything, including line breaks and terminal commands.
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mut err = io::stderr().lock();
    // Nothing can be reported if this fails.
    let _ = writeln!(err, "error: {}", plain(what));
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {}", plain(hint));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::quoted;
    use std::path::Path;

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
