//! The policy text of RFC 8461 §3.2: parse what people publish (D-1 … D-8), emit what everybody accepts.
//!
//! A server keeps a hundred thousand of these, so a policy is its few values, and the published text only where it could not be
//! written anew from them.
use alloc::{borrow::Cow, boxed::Box, format, string::String, vec::Vec};

pub use super::limit::{MAX_FINDINGS, MAX_LEN, MAX_MAX_AGE, MAX_MX};
use super::{
    finding::{Finding, FindingKind, PolicyError, PolicyErrorKind},
    mode::Mode,
    mx::{Pattern, PatternError, PatternNote},
};
use crate::{
    name::Domain,
    shown::{has_control, shown},
    tags,
};

/// A valid policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What the domain asks for.
    pub mode: Mode,
    /// Cache life in seconds, 0..=[`MAX_MAX_AGE`].
    pub max_age: u32,
    /// The good MX patterns in the order given; possibly none for [`Mode::None`].
    pub mx: Box<[Pattern]>,
    /// The published text where it is not the canonical one; most policies are published just as [`canonical`] would write them,
    /// and their text need not be kept twice.
    text: Option<Box<str>>,
}

/// A policy with what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The policy.
    pub policy: Policy,
    /// Oddities, in line order, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
}

impl Policy {
    /// Parses a policy body.
    ///
    /// # Errors
    /// [`PolicyError`] with the line and the reason: over 64 KiB, not UTF-8, a required field absent or malformed (D-3), or no
    /// usable `mx` (D-6). Everything else is accepted with a finding.
    pub fn parse(body: &[u8]) -> Result<Parsed, PolicyError> {
        let refuse = |kind| PolicyError { line: 0, kind };
        if body.len() > MAX_LEN {
            return Err(refuse(PolicyErrorKind::TooLong));
        }
        let text = core::str::from_utf8(body).map_err(|_| refuse(PolicyErrorKind::NotUtf8))?;
        let mut reading = Reading::default();
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => {
                reading.line = 1;
                reading.found(FindingKind::Bom);
                rest
            }
            None => text,
        };
        reading.text.reserve(text.len());
        for (index, raw) in (1..).zip(text.split_inclusive('\n')) {
            reading.line = index;
            let line = reading.without_end(raw);
            reading.read_line(line)?;
        }
        reading.finish()
    }

    /// A policy of our own making, its text the canonical one. `max_age` is clamped (STS-3.2-6).
    ///
    /// # Errors
    /// No pattern though the mode is not `none`, or more than [`MAX_MX`], or more text than 64 KiB.
    pub fn new(mode: Mode, max_age: u32, mx: Vec<Pattern>) -> Result<Self, PolicyError> {
        let refuse = |kind| Err(PolicyError { line: 0, kind });
        if mx.is_empty() && mode != Mode::None {
            return refuse(PolicyErrorKind::NoMx);
        }
        if mx.len() > MAX_MX {
            return refuse(PolicyErrorKind::TooManyMx);
        }
        let max_age = max_age.min(MAX_MAX_AGE);
        let text = canonical(mode, max_age, &mx, "\n");
        // What is published ends its lines in CRLF: one octet more a line, and one line end more.
        if text.len() + mx.len() + 5 > MAX_LEN {
            return refuse(PolicyErrorKind::TooLong);
        }
        Ok(Self { mode, max_age, mx: mx.into(), text: None })
    }

    /// Whether any pattern matches this MX host (STS-4.1-1).
    #[must_use]
    pub fn covers(&self, host: &Domain) -> bool {
        self.mx.iter().any(|pattern| pattern.matches(host))
    }

    /// The published text for reports (`policy-string`, D-7) and for keeping: every line that is a well-formed
    /// `name: value` field, as written, joined by LF. Unknown and repeated fields and bad `mx` values are among them; blank
    /// and malformed lines (D-2), a BOM and trailing white space are not. Parsing it gives an equal policy.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match &self.text {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(canonical(self.mode, self.max_age, &self.mx, "\n")),
        }
    }

    /// Emits a canonical text: version, mode, mx…, max_age; lines end in CRLF (STS-3.2-3, E-1).
    #[must_use]
    pub fn emit(&self) -> String {
        let mut text = canonical(self.mode, self.max_age, &self.mx, "\r\n");
        text.push_str("\r\n");
        text
    }
}

fn canonical(mode: Mode, max_age: u32, mx: &[Pattern], end: &str) -> String {
    let mut text = format!("version: STSv1{end}mode: {mode}{end}");
    for pattern in mx {
        text.push_str(&format!("mx: {pattern}{end}"));
    }
    text.push_str(&format!("max_age: {max_age}"));
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Lf,
    Crlf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    First,
    Again,
}

/// A policy half read.
#[derive(Default)]
struct Reading {
    line: u32,
    end: Option<LineEnd>,
    mixed: Option<u32>,
    version: Option<()>,
    mode: Option<Mode>,
    max_age: Option<u32>,
    mx: Vec<Pattern>,
    /// Line of the first bad `mx` entry.
    bad_mx: Option<u32>,
    /// Line of the first `mx` entry too many.
    excess_mx: Option<u32>,
    text: String,
    findings: Vec<Finding>,
}

impl Reading {
    fn found(&mut self, kind: FindingKind) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { line: self.line, kind });
        }
    }

    /// Takes the line end off; only LF and CRLF are one (D-1). A bare CR stays in the line, where nothing accepts it.
    fn without_end<'a>(&mut self, raw: &'a str) -> &'a str {
        let (line, end) = if let Some(line) = raw.strip_suffix("\r\n") {
            (line, LineEnd::Crlf)
        } else if let Some(line) = raw.strip_suffix('\n') {
            (line, LineEnd::Lf)
        } else {
            self.found(FindingKind::NoFinalNewline);
            return raw;
        };
        if *self.end.get_or_insert(end) != end && self.mixed.is_none() {
            self.mixed = Some(self.line);
            self.found(FindingKind::MixedLineEnds);
        }
        line
    }

    fn read_line(&mut self, line: &str) -> Result<(), PolicyError> {
        let line = line.trim_end_matches([' ', '\t']);
        if line.is_empty() {
            self.found(FindingKind::BlankLine);
            return Ok(());
        }
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| tags::is_name(name)) else {
            self.found(FindingKind::MalformedLine);
            return Ok(());
        };
        let value = value.trim_start_matches([' ', '\t']);
        match name {
            "version" => self.version(value)?,
            "mode" => self.mode(value)?,
            "max_age" => self.max_age(value)?,
            "mx" => self.mx(value),
            _ if is_printable(value) => self.found(FindingKind::UnknownField { name: name.into() }),
            _ => self.found(FindingKind::MalformedLine),
        }
        if is_printable(value) {
            self.keep(line);
        }
        Ok(())
    }

    fn keep(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
    }

    /// D-8: of a field that may stand once, the first counts.
    fn once<T>(&mut self, earlier: Option<T>, name: &str) -> Seen {
        if earlier.is_none() {
            return Seen::First;
        }
        self.found(FindingKind::DuplicateField { name: name.into() });
        Seen::Again
    }

    fn bad(&self, field: &'static str, value: &str) -> PolicyError {
        PolicyError { line: self.line, kind: PolicyErrorKind::BadValue { field, value: shown(value) } }
    }

    fn version(&mut self, value: &str) -> Result<(), PolicyError> {
        if self.once(self.version, "version") == Seen::First {
            // STS-3.2-4
            self.version = Some((value == "STSv1").then_some(()).ok_or_else(|| self.bad("version", value))?);
        }
        Ok(())
    }

    fn mode(&mut self, value: &str) -> Result<(), PolicyError> {
        if self.once(self.mode, "mode") == Seen::First {
            self.mode = Some(Mode::parse(value).ok_or_else(|| self.bad("mode", value))?);
        }
        Ok(())
    }

    fn max_age(&mut self, value: &str) -> Result<(), PolicyError> {
        if self.once(self.max_age, "max_age") == Seen::Again {
            return Ok(());
        }
        // STS-3.2-6: 1*10 DIGIT, so neither sign nor unit nor exponent.
        let digits = (1..=10).contains(&value.len()) && value.bytes().all(|octet| octet.is_ascii_digit());
        let seconds = if digits { value.parse::<u64>().ok() } else { None };
        let seconds = seconds.ok_or_else(|| self.bad("max_age", value))?;
        let clamped = u32::try_from(seconds).unwrap_or(MAX_MAX_AGE).min(MAX_MAX_AGE);
        if u64::from(clamped) != seconds {
            self.found(FindingKind::MaxAgeClamped);
        }
        self.max_age = Some(clamped);
        Ok(())
    }

    /// D-6: a bad entry costs itself, never the good ones beside it.
    fn mx(&mut self, value: &str) {
        let (pattern, notes) = match Pattern::parse(value) {
            Ok(parsed) => parsed,
            Err(why) => return self.bad_mx(value, why),
        };
        if self.mx.len() == MAX_MX {
            if self.excess_mx.is_none() {
                self.excess_mx = Some(self.line);
                self.found(FindingKind::TooManyMx);
            }
            return;
        }
        self.mx.push(pattern);
        for note in notes {
            let value = shown(value);
            self.found(match note {
                PatternNote::TrailingDot => FindingKind::MxTrailingDot { value },
                PatternNote::ULabel => FindingKind::MxULabel { value },
            });
        }
    }

    fn bad_mx(&mut self, value: &str, why: PatternError) {
        self.bad_mx.get_or_insert(self.line);
        self.found(FindingKind::BadMx { value: shown(value), why });
    }

    /// STS-3.2-11: what must be there is there.
    fn finish(self) -> Result<Parsed, PolicyError> {
        let missing = |field| PolicyError { line: 0, kind: PolicyErrorKind::Missing { field } };
        self.version.ok_or_else(|| missing("version"))?;
        let mode = self.mode.ok_or_else(|| missing("mode"))?;
        let max_age = self.max_age.ok_or_else(|| missing("max_age"))?;
        if self.mx.is_empty() && mode != Mode::None {
            return Err(PolicyError { line: self.bad_mx.unwrap_or(0), kind: PolicyErrorKind::NoMx });
        }
        let mx: Box<[Pattern]> = self.mx.into();
        let text = (self.text != canonical(mode, max_age, &mx, "\n")).then(|| self.text.into());
        let policy = Policy { mode, max_age, mx, text };
        Ok(Parsed { policy, findings: self.findings })
    }
}

/// Whether a value may stand in a policy at all: something is there, and no control character in it.
fn is_printable(value: &str) -> bool {
    !value.is_empty() && !has_control(value)
}
