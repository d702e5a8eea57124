//! What is wrong with a config, and how it is shown: file, line, column, the line itself with a caret, and what to do.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// At most this many problems are shown; a file that is no config at all has thousands.
const SHOWN: usize = 20;
/// A longer line is shown without its text: it is no line that somebody wrote.
const LONGEST_LINE: usize = 2000;

/// A message that quotes the file is cut here: characters.
const LONGEST_MESSAGE: usize = 300;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The config cannot be used.
    Error,
    /// It can, and somebody should look at it.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, a sentence without its full stop.
    pub message: String,
    /// Where: octets of the text.
    pub span: Range<usize>,
    /// A word or two beside the caret.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// Something that makes the config unusable.
    pub fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: tidy(&message.into()), span, label: None, help: None }
    }

    /// Something that should be looked at.
    pub fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// Adds a word beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(tidy(&label.into()));
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(tidy(&help.into()));
        self
    }
}

/// The text that problems point into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What the file is called.
    pub path: PathBuf,
    /// What stands in it.
    pub content: String,
}

/// Why there are no settings. `Display` is the whole story without colours; [`ConfigError::render`] has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// The file could not be read.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// The file has errors.
    Wrong {
        /// The text.
        text: Text,
        /// What is wrong with it, in the order of the text; warnings too.
        problems: Vec<Problem>,
    },
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&Renderer::plain()))
    }
}

impl ConfigError {
    /// For people, with terminal colours (`cli::output` takes them out where they are not wanted).
    pub fn render(&self) -> String {
        self.text(&Renderer::styled())
    }

    /// How many errors there are, warnings not counted.
    pub fn count(&self) -> usize {
        match self {
            Self::Unreadable { .. } => 1,
            Self::Wrong { problems, .. } => problems.iter().filter(|p| p.severity == Severity::Error).count(),
        }
    }

    /// One line for a log: the first error, where it stands, and how many more there are.
    pub fn summary(&self) -> String {
        let (text, problems) = match self {
            Self::Unreadable { path, why } => {
                return format!("cannot read {}: {why}", path.display());
            }
            Self::Wrong { text, problems } => (text, problems),
        };
        let Some(first) = problems.iter().find(|p| p.severity == Severity::Error) else {
            return format!("{} has errors", text.path.display());
        };
        let (line, column) = text.position(first.span.start);
        let more = match self.count().saturating_sub(1) {
            0 => String::new(),
            n => format!(" (and {n} more; `strictmx config check` shows them)"),
        };
        format!("{}:{line}:{column}: {}{more}", text.path.display(), first.message)
    }

    fn text(&self, renderer: &Renderer) -> String {
        match self {
            Self::Unreadable { path, why } => {
                let title = format!("cannot read {}: {why}", path.display());
                let title = annotate_snippets::normalize_untrusted_str(&title);
                let group = Group::with_title(Level::ERROR.primary_title(title));
                format!("{}\n", renderer.render(&[group]))
            }
            Self::Wrong { text, problems } => show(text, problems, renderer),
        }
    }
}

/// Shows problems for people, with terminal colours.
pub fn render(text: &Text, problems: &[Problem]) -> String {
    show(text, problems, &Renderer::styled())
}

/// Shows problems without colours.
pub fn plain(text: &Text, problems: &[Problem]) -> String {
    show(text, problems, &Renderer::plain())
}

fn show(text: &Text, problems: &[Problem], renderer: &Renderer) -> String {
    let mut out = String::new();
    for problem in problems.iter().take(SHOWN) {
        out.push_str(&renderer.render(&[text.group(problem)]));
        out.push_str("\n\n");
    }
    if let Some(more) = problems.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        out.push_str(&format!("… and {more} more\n\n"));
    }
    out
}

impl Text {
    /// Line and column (in characters) of an octet, both from 1.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let (line, start, content) = self.line(at);
        let column = content.char_indices().take_while(|(i, _)| start.saturating_add(*i) < at).count();
        (line, column.saturating_add(1))
    }

    /// The line an octet stands in: its number from 1, where it starts, and what stands in it.
    fn line(&self, at: usize) -> (usize, usize, &str) {
        let at = at.min(self.content.len());
        let mut start = 0;
        let mut number = 0;
        let mut last = "";
        for line in self.content.split_inclusive('\n') {
            number += 1;
            last = line;
            let end = start + line.len();
            if at < end {
                break;
            }
            if end == self.content.len() {
                break;
            }
            start = end;
        }
        (number.max(1), start, last.trim_end_matches(['\r', '\n']))
    }

    /// Only the line itself goes to the renderer: what it costs then depends on the problems, not on the size of the file.
    fn group(&self, problem: &Problem) -> Group<'_> {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(problem.message.clone()));
        let path = annotate_snippets::normalize_untrusted_str(&self.path.display().to_string());
        let (number, start, content) = self.line(problem.span.start);
        if content.len() > LONGEST_LINE {
            let (line, column) = self.position(problem.span.start);
            group = group.element(annotate_snippets::Origin::path(path).line(line).char_column(column));
        } else {
            let from = problem.span.start.saturating_sub(start).min(content.len());
            let to = problem.span.end.saturating_sub(start).clamp(from, content.len());
            let mut annotation = AnnotationKind::Primary.span(from..to);
            if let Some(label) = &problem.label {
                annotation = annotation.label(label.clone());
            }
            group = group.element(Snippet::source(content).path(path).line_start(number).annotation(annotation));
        }
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(help.clone())),
            None => group,
        }
    }
}

/// The text without what it must not do to a terminal, and cut.
fn tidy(text: &str) -> String {
    let mut cut: String = text.chars().take(LONGEST_MESSAGE).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    annotate_snippets::normalize_untrusted_str(&cut)
}

/// A config that cannot be read at all.
pub fn unreadable(path: &Path, why: impl Into<String>) -> ConfigError {
    ConfigError::Unreadable { path: path.to_owned(), why: why.into() }
}
