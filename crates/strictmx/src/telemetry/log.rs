//! Log lines, to stderr: for people (aligned, coloured on a terminal), for journald (with its priorities), or as JSON.
//!
//! One line is one write, so that lines of several threads never mix. Whatever peers put into names and errors is shown with its
//! control characters escaped: no peer can forge a line or send codes to a terminal.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use strictmx_engine::time::Timestamp;

use crate::config::{Log as Settings, LogFormat, LogLevel};

/// A longer text is cut: it is a peer's, not ours.
const LONGEST: usize = 4096;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// How grave it is.
    pub(super) level: LogLevel,
    /// The event's stable name.
    pub(super) event: &'static str,
    /// What it is about, such as a domain; stands before the message.
    pub(super) about: Option<String>,
    /// The sentence.
    pub(super) message: String,
    /// Details for programs.
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Line {
    /// A line about nothing in particular.
    pub(super) fn new(level: LogLevel, event: &'static str, message: impl Into<String>) -> Self {
        Self { level, event, about: None, message: message.into(), fields: Vec::new() }
    }

    /// What it is about.
    pub(super) fn about(mut self, name: &'static str, subject: impl ToString) -> Self {
        let subject = subject.to_string();
        self.fields.insert(0, (name, Value::String(subject.clone())));
        self.about = Some(subject);
        self
    }

    /// A detail for programs.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

/// Who reads the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A terminal that shows colours.
    Colour,
    /// A terminal without colours, a file, a pipe.
    Plain,
    /// journald, which has times of its own and reads `<4>` as a priority.
    Journal,
}

impl Reader {
    /// Who reads stderr; `journal` is systemd's `$JOURNAL_STREAM`.
    pub fn of_stderr(journal: Option<&str>) -> Self {
        let stderr = std::io::stderr();
        if journal.is_some_and(is_stderr) {
            return Self::Journal;
        }
        match anstream::AutoStream::choice(&stderr) {
            anstream::ColorChoice::Never => Self::Plain,
            _ => Self::Colour,
        }
    }
}

/// Whether stderr is the stream of this device and inode number, written `8:1234` (systemd.exec(5)): the variable is inherited
/// by whatever a service starts, also where stderr has become something else.
fn is_stderr(stream: &str) -> bool {
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|found| format!("{}:{}", found.dev(), found.ino()) == stream)
}

/// Where lines go.
pub(super) struct Log {
    level: AtomicU8,
    format: AtomicU8,
    reader: Reader,
    out: Mutex<Box<dyn Write + Send>>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("reader", &self.reader).finish_non_exhaustive()
    }
}

impl Log {
    /// A log that writes to `out`.
    pub(super) fn new(settings: Settings, reader: Reader, out: Box<dyn Write + Send>) -> Self {
        let log = Self { level: AtomicU8::new(0), format: AtomicU8::new(0), reader, out: Mutex::new(out) };
        log.set(settings);
        log
    }

    /// Changes level and format, on a reload.
    pub(super) fn set(&self, settings: Settings) {
        self.level.store(rank(settings.level), Ordering::Relaxed);
        let json = u8::from(settings.format == LogFormat::Json);
        self.format.store(json, Ordering::Relaxed);
    }

    /// Whether lines of this level are written.
    pub(super) fn wants(&self, level: LogLevel) -> bool {
        rank(level) <= self.level.load(Ordering::Relaxed)
    }

    /// Writes a line. Where stderr is gone there is nobody left to tell.
    pub(super) fn write(&self, line: &Line, now: Timestamp) {
        if !self.wants(line.level) {
            return;
        }
        let text =
            if self.format.load(Ordering::Relaxed) == 1 { json(line, now) } else { text(line, now, self.reader) };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }
}

fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 0,
        LogLevel::Warn => 1,
        LogLevel::Info => 2,
        LogLevel::Debug => 3,
        LogLevel::Trace => 4,
    }
}

fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

fn json(line: &Line, now: Timestamp) -> String {
    let mut out = format!(
        "{{\"time\":\"{}\",\"level\":\"{}\",\"event\":\"{}\",\"message\":{}",
        time(now),
        word(line.level),
        line.event,
        Value::from(cut(&line.message))
    );
    for (name, value) in &line.fields {
        out.push_str(&format!(",\"{name}\":{value}"));
    }
    out.push_str("}\n");
    out
}

fn text(line: &Line, now: Timestamp, reader: Reader) -> String {
    let (plain, dim) = (Style::new(), Style::new().dimmed());
    let level = word(line.level);
    let about = line.about.as_deref().map_or_else(String::new, |about| format!("{}: ", safe(about)));
    let message = safe(cut(&line.message));
    match reader {
        Reader::Journal => format!("<{}>{about}{message} [{}]\n", priority(line.level), line.event),
        Reader::Plain => format!("{} {level:5} {about}{message} [{}]\n", time(now), line.event),
        Reader::Colour => {
            let colour = match line.level {
                LogLevel::Error => AnsiColor::Red.on_default().bold(),
                LogLevel::Warn => AnsiColor::Yellow.on_default(),
                LogLevel::Info => AnsiColor::Green.on_default(),
                LogLevel::Debug | LogLevel::Trace => dim,
            };
            let strong = if line.about.is_some() { plain.bold() } else { plain };
            format!(
                "{dim}{}{dim:#} {colour}{level:5}{colour:#} {strong}{about}{strong:#}{message} {dim}[{}]{dim:#}\n",
                time(now),
                line.event
            )
        }
    }
}

/// syslog's severities, as sd-daemon(3) wants them.
fn priority(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 3,
        LogLevel::Warn => 4,
        LogLevel::Info => 6,
        LogLevel::Debug | LogLevel::Trace => 7,
    }
}

fn time(now: Timestamp) -> String {
    let seconds = i64::try_from(now.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| now.0.to_string(), |t| t.to_string())
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last();
    match end {
        Some(end) if text.len() > LONGEST => text.get(..end).unwrap_or_default(),
        _ => text,
    }
}

/// The text with control characters (and what turns the direction of writing) escaped.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new(LogLevel::Warn, "fetch-failed", "the policy host said\n\u{1b}[31m404")
            .about("domain", "a.example")
            .with("count", 3)
    }

    #[test]
    fn no_peer_can_forge_a_line_or_send_codes_to_a_terminal() {
        assert_eq!(
            text(&line(), Timestamp(0), Reader::Plain),
            "1970-01-01T00:00:00Z warn  a.example: the policy host said\\u{a}\\u{1b}[31m404 [fetch-failed]\n"
        );
        let json = json(&line(), Timestamp(0));
        assert_eq!(json.matches('\n').count(), 1);
        assert!(!json.contains('\u{1b}'));
    }

    #[test]
    fn journald_gets_priorities_and_no_second_time() {
        assert!(text(&line(), Timestamp(0), Reader::Journal).starts_with("<4>a.example: "));
    }

    #[test]
    fn a_json_line_has_its_details_as_fields() {
        let object: Value = serde_json::from_str(&json(&line(), Timestamp(1))).unwrap_or_default();
        assert_eq!(object.get("event").and_then(Value::as_str), Some("fetch-failed"));
        assert_eq!(object.get("domain").and_then(Value::as_str), Some("a.example"));
        assert_eq!(object.get("count").and_then(Value::as_u64), Some(3));
        assert_eq!(object.get("time").and_then(Value::as_str), Some("1970-01-01T00:00:01Z"));
    }

    #[test]
    fn a_text_without_end_is_cut_between_characters() {
        let long = "ü".repeat(10_000);
        assert!(cut(&long).len() <= LONGEST);
        assert!(cut(&long).len() >= LONGEST - 4);
        assert_eq!(cut("short"), "short");
    }
}
