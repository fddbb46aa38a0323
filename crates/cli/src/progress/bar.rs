//! The one kind of progress bar there is.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::LazyLock;

/// Every bar, so that log lines can go above them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A progress bar on standard error; nothing at all where that is no terminal. It goes away when dropped.
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

    /// Changes how many steps there are.
    pub(crate) fn set_total(&self, total: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(total as u64);
        }
    }

    /// Says how many steps are done.
    pub(crate) fn set(&self, done: usize) {
        if let Some(bar) = &self.0 {
            bar.set_position(done as u64);
        }
    }

    /// What stands in front of the bar.
    pub(crate) fn set_label(&self, label: &str) {
        if let Some(bar) = &self.0 {
            bar.set_prefix(format!("{label} "));
        }
    }

    /// What stands after the count.
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

/// Does `write`, which writes lines to the terminal, without tearing a bar.
pub(crate) fn above_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

/// Shows no bar from now on.
pub(crate) fn hide_bars() {
    BARS.set_draw_target(ProgressDrawTarget::hidden());
}
