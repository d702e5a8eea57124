//! How far a list has come, on stderr where that is a terminal.
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar; shown on a terminal only.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// None at all: for the domains of a command line.
    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// For a list of so many lines, `None` when that is not known.
    pub(super) fn of(lines: Option<u64>) -> Self {
        let (bar, template) = match lines {
            Some(lines) => {
                (ProgressBar::new(lines), "{bar:30} {human_pos}/{human_len} domains, {per_sec}, {eta} left{msg}")
            }
            None => (ProgressBar::no_length(), "{spinner} {human_pos} domains, {per_sec}, {elapsed} so far{msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// One more line is done.
    pub(super) fn one(&self) {
        self.0.inc(1);
    }

    /// One more line needs no look.
    pub(super) fn skipped(&self) {
        self.0.inc(1);
        self.0.reset_eta();
    }

    /// Writes something else while the bar is away.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    /// Says that it is coming to an end.
    pub(super) fn stopping(&self, running: usize) {
        self.0.set_message(format!("; stopping, {running} still under way (Ctrl-C again leaves them)"));
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
