//! The progress bar of all commands.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::LazyLock;

/// All bars, so that log lines are printed above them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A progress bar on standard error. Without a terminal nothing is shown. It is removed when dropped.
pub(crate) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar of `total` steps.
    pub(crate) fn new(total: usize) -> Self {
        let bar = Self::styled("{prefix}{bar:30} {pos}/{len} {msg}");
        bar.set_total(total);
        bar
    }

    fn styled(template: &str) -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(template);
            let bar = BARS.add(ProgressBar::no_length());
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }))
    }

    /// Whether there is a terminal to show it on.
    pub(crate) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Sets the number of steps.
    pub(crate) fn set_total(&self, total: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(total as u64);
        }
    }

    /// Sets the number of steps that are done.
    pub(crate) fn set(&self, done: usize) {
        if let Some(bar) = &self.0 {
            bar.set_position(done as u64);
        }
    }

    /// Sets the text before the bar.
    pub(crate) fn set_label(&self, label: &str) {
        if let Some(bar) = &self.0 {
            bar.set_prefix(format!("{label} "));
        }
    }

    /// Sets the text after the count.
    pub(crate) fn set_note(&self, note: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(note);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Calls `write`, which writes lines to the terminal, while bars are hidden.
pub(crate) fn above_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

/// Shows no bar from now on.
pub(crate) fn hide_bars() {
    BARS.set_draw_target(ProgressDrawTarget::hidden());
}
