//! The config: found, read, checked, and turned into [`Settings`].
//!
//! [`keys`] says what there is; `raw` reads what was written with its places; `resolve` makes [`Settings`] of it;
//! [`diagnostic`] shows what is wrong; [`print`] writes settings as TOML again. Any octets at all come to an error or to
//! settings, and nothing here looks at the machine but for the file itself.

pub mod diagnostic;
pub mod keys;
pub mod print;
mod raw;
mod resolve;
pub mod settings;
mod suggest;
mod value;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use strictmx_engine::time::Timestamp;

pub use diagnostic::{ConfigError, Problem, Severity};
use diagnostic::{Text, unreadable};
pub use settings::{
    AllowPrivate, Collector, Control, Dns, Dnssec, DnssecUse, Domains, Expect, Fetch, HostScope, Listen, Log,
    LogFormat, LogLevel, LookDepth, Mode, Monitor, Observe, Override, Policyd, SelfTest, Servers, Settings, Store,
    TestName, TestingProbe, Tls, TrustAnchor, Until, Watch, Web,
};
pub use settings::{DkimKey, HttpsCertificates, Redact, Reporter, When};

/// A length of time as the config writes it: `10s`, `1h30m`, `1d`.
///
/// # Errors
/// A sentence that says how to write one.
pub fn length_of_time(text: &str) -> Result<std::time::Duration, String> {
    value::duration(text).map_err(|wrong| match wrong.help {
        Some(help) => format!("{}; {help}", wrong.what),
        None => wrong.what,
    })
}

/// A config file has a few kilobytes; more than this is some other file.
const LARGEST: u64 = 1024 * 1024;

/// Where a config is looked for when none is named.
pub const PLACES: [&str; 2] = ["./strictmx.toml", "/etc/strictmx/strictmx.toml"];

/// Where the settings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This file: named, or found.
    File(PathBuf),
    /// No file: [`Settings::tryout`].
    Tryout,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Tryout => f.write_str("no config file: a try-out on loopback"),
        }
    }
}

/// Settings, where they are from, and what somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Where they are from.
    pub source: Source,
    /// Warnings: see [`Loaded::render_warnings`].
    pub warnings: Vec<Problem>,
    text: Text,
}

impl Loaded {
    /// The warnings for people, with terminal colours; empty when there are none.
    pub fn render_warnings(&self) -> String {
        diagnostic::render(&self.text, &self.warnings)
    }

    /// The warnings, one line each, for a log.
    pub fn warning_lines(&self) -> impl Iterator<Item = String> {
        self.warnings.iter().map(|warning| {
            let (line, column) = self.text.position(warning.span.start);
            format!("{}:{line}:{column}: {}", self.text.path.display(), warning.message)
        })
    }
}

/// Where the config is: the one named (by `--config` or `$STRICTMX_CONFIG`, which the command line reads), else the first of
/// [`PLACES`] that is there, else nowhere.
pub fn find(named: Option<&Path>) -> Source {
    if let Some(path) = named {
        return Source::File(path.to_owned());
    }
    PLACES
        .iter()
        .map(Path::new)
        // A file that is there but cannot be looked at is no reason to run with other settings: it is found, and read in vain.
        .find(|path| path.try_exists().unwrap_or(true))
        .map_or(Source::Tryout, |path| Source::File(path.to_owned()))
}

/// Reads the settings; on a reload the same source is read again. `now` decides which overrides have expired.
pub fn load(source: &Source, now: Timestamp) -> Result<Loaded, ConfigError> {
    match source {
        Source::Tryout => Ok(Loaded {
            settings: Settings::tryout(),
            source: Source::Tryout,
            warnings: Vec::new(),
            text: Text { path: PathBuf::new(), content: String::new() },
        }),
        Source::File(path) => parse(path, &octets(path)?, now),
    }
}

/// Makes settings of a file's octets; `path` is what the file is called in errors.
pub fn parse(path: &Path, octets: &[u8], now: Timestamp) -> Result<Loaded, ConfigError> {
    let content = match std::str::from_utf8(octets) {
        Ok(content) => content.strip_prefix('\u{feff}').unwrap_or(content),
        Err(e) => return Err(not_utf8(path, octets, e.valid_up_to())),
    };
    let text = Text { path: path.to_owned(), content: content.to_owned() };
    let tree = match raw::parse(&text.content) {
        Ok(tree) => tree,
        Err(problems) => return Err(ConfigError::Wrong { text, problems }),
    };
    let (settings, problems) = resolve::resolve(&tree, now);
    drop(tree);
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(ConfigError::Wrong { text, problems });
    }
    Ok(Loaded { settings, source: Source::File(path.to_owned()), warnings: problems, text })
}

fn not_utf8(path: &Path, octets: &[u8], good: usize) -> ConfigError {
    let before = octets.get(..good).unwrap_or_default();
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    unreadable(path, format!("line {line} is not UTF-8; save the file as UTF-8, without compression or encryption"))
}

fn octets(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let because = |e: std::io::Error| unreadable(path, reason(&e));
    let file = File::open(path).map_err(because)?;
    if file.metadata().map_err(because)?.is_dir() {
        return Err(unreadable(path, "it is a folder; name the file in it"));
    }
    let mut octets = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut octets).map_err(because)?;
    if u64::try_from(octets.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(unreadable(path, "it has more than 1 MiB, so it is no config of ours"));
    }
    Ok(octets)
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            "there is no such file; `strictmx config default` prints one to begin with".to_owned()
        }
        std::io::ErrorKind::PermissionDenied => {
            "this user may not read it; look at its owner and permissions".to_owned()
        }
        _ => error.to_string(),
    }
}
