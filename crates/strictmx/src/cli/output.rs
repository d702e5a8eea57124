//! Writing for people: stdout for results, stderr for what went wrong; colours only where a terminal wants them.
//!
//! `anstream` takes the colours out when the stream is no terminal, when `NO_COLOR` is set, or when the terminal cannot.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use super::Exit;

/// Headings and names.
pub const STRONG: Style = Style::new().bold();
/// Good news.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Something to look at.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Bad news.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What most readers may skip.
pub const DIM: Style = Style::new().dimmed();

/// Writes a result to stdout. A reader that went away early (`| head`) is no error; a full disk is.
pub fn result(text: &str) -> Exit {
    written(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Writes an error to stderr: `error: ` and the sentence.
pub fn error(message: impl Display) {
    say(BAD, "error", &message);
}

/// Writes a warning to stderr.
pub fn warning(message: impl Display) {
    say(WARN, "warning", &message);
}

/// Writes ready-made text to stderr.
pub fn note(text: &str) {
    // With stderr gone there is nobody left to tell.
    drop(anstream::stderr().lock().write_all(text.as_bytes()));
}

fn say(style: Style, word: &str, message: &dyn Display) {
    note(&format!("{style}{word}{style:#}: {message}\n"));
}

fn written(outcome: std::io::Result<()>) -> Exit {
    match outcome {
        Ok(()) => Exit::Done,
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Exit::Done,
        Err(e) => {
            error(format_args!("cannot write the result to stdout: {e}"));
            Exit::Internal
        }
    }
}
